using System.Collections.Concurrent;
using Google.Protobuf.Reflection;

namespace LoraOnnx.Serving.Transports.Grpc;

/// <summary>What a message is made of, and about how many bytes its object takes before anything is in it.</summary>
internal sealed class MessageShape
{
    /// <summary>Object header, field slots and the unknown fields' reference.</summary>
    private const int ObjectBytes = 56;

    private const int RepeatedBytes = 32;

    /// <summary>A dictionary and the list that keeps its order.</summary>
    private const int MapBytes = 208;

    private static readonly ConcurrentDictionary<MessageDescriptor, MessageShape> _known = new();

    private readonly Dictionary<int, Field> _fields = [];

    private MessageShape(MessageDescriptor message)
    {
        var fields = message.Fields.InDeclarationOrder();
        ObjectSize = ObjectBytes + fields.Sum(field => field.IsMap ? MapBytes : field.IsRepeated ? RepeatedBytes : 8);
        foreach (var field in fields)
        {
            _fields[field.FieldNumber] = new Field(field);
        }
    }

    public int ObjectSize { get; }

    public static MessageShape Of(MessageDescriptor message) => _known.GetOrAdd(message, static descriptor => new MessageShape(descriptor));

    public Field? this[int number] => _fields.GetValueOrDefault(number);

    /// <summary>A field; <see cref="Message"/> is looked up late, because messages may hold themselves.</summary>
    public sealed class Field(FieldDescriptor descriptor)
    {
        public string Name { get; } = descriptor.Name;

        public FieldType Type { get; } = descriptor.FieldType;

        public bool IsRepeated { get; } = descriptor.IsRepeated;

        public MessageShape? Message => Type == FieldType.Message ? Of(descriptor.MessageType) : null;
    }
}
