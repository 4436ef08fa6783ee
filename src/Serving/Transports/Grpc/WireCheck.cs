using System.Buffers;
using System.Text.Unicode;
using Google.Protobuf.Reflection;
using LoraOnnx.Serving.Calls;

namespace LoraOnnx.Serving.Transports.Grpc;

/// <summary>
/// Walks over a message's bytes before objects are made of them: says what the objects would take, and what is wrong with the bytes. Two bytes on the
/// wire may
/// stand for half a kilobyte of objects, and the parser asks nobody before it makes them.
/// </summary>
internal ref struct WireCheck
{
    private const int Varint = 0;
    private const int Fixed64 = 1;
    private const int Bytes = 2;
    private const int StartGroup = 3;
    private const int EndGroup = 4;
    private const int Fixed32 = 5;

    /// <summary>Deepest nesting that is followed; no message of ours has half of it.</summary>
    private const int MostDepth = 32;

    // Bytes of an element beside its content: headers, and the slot in a list that doubles as it grows.
    private const int TextBytes = 48;
    private const int BytesBytes = 80;
    private const int NumberBytes = 12;
    private const int UnknownBytes = 256;

    private readonly long _mostBytes;
    private SequenceReader<byte> _reader;
    private CallError? _error;

    private WireCheck(ReadOnlySequence<byte> message, long mostBytes)
    {
        _reader = new SequenceReader<byte>(message);
        _mostBytes = mostBytes;
    }

    /// <summary>About how many bytes the objects take.</summary>
    private long _cost;

    /// <summary>What the message's objects would take in bytes, or why it is not to be read.</summary>
    /// <param name="message">The bytes.</param>
    /// <param name="shape">What they are said to be.</param>
    /// <param name="mostBytes">Most that the objects may take.</param>
    public static (long Cost, CallError? Error) Of(ReadOnlySequence<byte> message, MessageShape shape, long mostBytes)
    {
        var check = new WireCheck(message, mostBytes);
        check.Message(shape, message.Length, 0, "");
        return (check._cost, check._error);
    }

    private bool Message(MessageShape shape, long end, int depth, string owner)
    {
        if (depth > MostDepth || !Pay(shape.ObjectSize, owner))
        {
            return Malformed();
        }

        while (_reader.Consumed < end)
        {
            if (!ReadTag(out var number, out var wireType) || wireType == EndGroup)
            {
                return Malformed();
            }

            var field = shape[number];
            if (!(field is not null && IsOf(field, wireType) ? Known(field, wireType, end, depth, owner) : Unknown(wireType, number, end, depth)))
            {
                return false;
            }
        }

        return _reader.Consumed == end || Malformed();
    }

    private bool Known(MessageShape.Field field, int wireType, long end, int depth, string owner)
    {
        if (wireType != Bytes)
        {
            return (!field.IsRepeated || Pay(NumberBytes, field.Name)) && Scalar(wireType, end);
        }

        if (!ReadLength(end, out var length))
        {
            return Malformed();
        }

        var name = owner.Length > 0 ? owner : field.Name; // what the caller sees of its message
        return field.Type switch
        {
            FieldType.Message => Message(field.Message!, _reader.Consumed + length, depth + 1, name), // a message field has a message
            FieldType.String => Pay(TextBytes + 2 * length, name) && Utf8Text(length, name),
            FieldType.Bytes => Pay(BytesBytes + length, name) && Skip(length),
            _ => Packed(field.Type, length, name),
        };
    }

    private bool Packed(FieldType type, long length, string name)
    {
        var width = Width(type);
        if (width > 0)
        {
            return (length % width == 0 || Malformed()) && Pay(length, name) && Skip(length);
        }

        // The last byte of each number has no high bit.
        var left = length;
        var numbers = 0L;
        while (left > 0)
        {
            var span = _reader.UnreadSpan[..(int)Math.Min(left, _reader.UnreadSpan.Length)];
            foreach (var part in span)
            {
                numbers += part < 0x80 ? 1 : 0;
            }

            left -= span.Length;
            _reader.Advance(span.Length);
        }

        return Pay(NumberBytes * numbers, name);
    }

    /// <summary>The parser keeps what it does not know.</summary>
    private bool Unknown(int wireType, int number, long end, int depth)
    {
        if (depth > MostDepth || !Pay(UnknownBytes, "message"))
        {
            return Malformed();
        }

        if (wireType == StartGroup)
        {
            while (ReadTag(out var inner, out var innerType))
            {
                if (innerType == EndGroup)
                {
                    return inner == number || Malformed();
                }

                if (!Unknown(innerType, inner, end, depth + 1))
                {
                    return false;
                }
            }

            return Malformed();
        }

        return wireType == Bytes ? ReadLength(end, out var length) ? Pay(length, "message") && Skip(length) : Malformed() : Scalar(wireType, end);
    }

    private bool Scalar(int wireType, long end) => wireType switch
    {
        Varint => ReadVarint(out _) && _reader.Consumed <= end || Malformed(),
        Fixed64 => Skip(sizeof(ulong)) && _reader.Consumed <= end || Malformed(),
        Fixed32 => Skip(sizeof(uint)) && _reader.Consumed <= end || Malformed(),
        _ => Malformed(),
    };

    private bool Utf8Text(long length, string name)
    {
        if (length <= _reader.UnreadSpan.Length)
        {
            var text = _reader.UnreadSpan[..(int)length];
            _reader.Advance(length);
            return Utf8.IsValid(text) || NotUtf8(name);
        }

        if (length > _reader.Remaining)
        {
            return Malformed();
        }

        var whole = ArrayPool<byte>.Shared.Rent((int)length);
        _reader.TryCopyTo(whole.AsSpan(0, (int)length));
        _reader.Advance(length);
        var valid = Utf8.IsValid(whole.AsSpan(0, (int)length));
        ArrayPool<byte>.Shared.Return(whole);
        return valid || NotUtf8(name);
    }

    private bool Skip(long length)
    {
        if (length > _reader.Remaining)
        {
            return Malformed();
        }

        _reader.Advance(length);
        return true;
    }

    private bool ReadTag(out int number, out int wireType)
    {
        var read = ReadVarint(out var tag) && tag <= uint.MaxValue;
        (number, wireType) = ((int)(tag >> 3), (int)(tag & 7));
        return read && number > 0;
    }

    private bool ReadLength(long end, out long length)
    {
        var read = ReadVarint(out var value) && value <= int.MaxValue;
        length = (long)value;
        return read && length <= end - _reader.Consumed;
    }

    private bool ReadVarint(out ulong value)
    {
        value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (!_reader.TryRead(out var part))
            {
                return false;
            }

            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80)
            {
                return true;
            }
        }

        return false;
    }

    private bool Pay(long bytes, string name)
    {
        _cost += bytes;
        if (_cost > _mostBytes)
        {
            _error ??= CallError.Invalid(name,
                $"has more elements than a request may: the message would take over {_mostBytes >> 20} MiB of memory.");
        }

        return _error is null;
    }

    private bool NotUtf8(string name)
    {
        _error ??= CallError.Invalid(name, "is not UTF-8.");
        return false;
    }

    private bool Malformed()
    {
        _error ??= new CallError(ErrorKind.InvalidArgument, "the message is not protobuf, or not of this type.");
        return false;
    }

    private static bool IsOf(MessageShape.Field field, int wireType)
    {
        var own = field.Type is FieldType.String or FieldType.Bytes or FieldType.Message ? Bytes
            : Width(field.Type) switch { 8 => Fixed64, 4 => Fixed32, _ => Varint };
        return wireType == own || (wireType == Bytes && field.IsRepeated);
    }

    private static int Width(FieldType type) => type switch
    {
        FieldType.Double or FieldType.Fixed64 or FieldType.SFixed64 => 8,
        FieldType.Float or FieldType.Fixed32 or FieldType.SFixed32 => 4,
        _ => 0,
    };
}
