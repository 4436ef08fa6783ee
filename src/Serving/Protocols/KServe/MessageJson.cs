using System.Collections;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace LoraOnnx.Serving.Protocols.KServe;

/// <summary>
/// Messages as KServe's REST writes them: the proto's field names, and 64-bit numbers as numbers, where protobuf's own JSON has strings.
/// </summary>
internal static class MessageJson
{
    public static JsonObject Write(IMessage message)
    {
        var json = new JsonObject();
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder())
        {
            if (field.IsMap || field.IsRepeated || (field.HasPresence ? field.Accessor.HasValue(message) : field.ContainingOneof is null))
            {
                json[field.Name] = Value(field, field.Accessor.GetValue(message));
            }
        }

        return json;
    }

    private static JsonNode? Value(FieldDescriptor field, object value) => value switch
    {
        // Maps hold no nulls; protobuf's are enumerated as pairs of their own types.
        IDictionary map => new JsonObject(map.Keys.Cast<object>().Select(key => KeyValuePair.Create(key.ToString()!, Single(map[key]!)))),
        IList list => new JsonArray([.. list.Cast<object>().Select(item => field.FieldType == FieldType.Enum
            ? EnumName(field, item)
            : Single(item))]),
        _ => field.FieldType == FieldType.Enum ? EnumName(field, value) : Single(value),
    };

    private static JsonNode? Single(object value) => value switch
    {
        IMessage message => Write(message),
        ByteString bytes => JsonValue.Create(bytes.ToStringUtf8()),
        string text => JsonValue.Create(text),
        bool flag => JsonValue.Create(flag),
        float number => JsonValue.Create(number),
        double number => JsonValue.Create(number),
        ulong number => JsonValue.Create(number),
        _ => JsonValue.Create(Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture)),
    };

    private static JsonValue EnumName(FieldDescriptor field, object value) =>
        JsonValue.Create(field.EnumType.FindValueByNumber((int)value)?.Name ?? value.ToString()!); // an enum has a name or a number
}
