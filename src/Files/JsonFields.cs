using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace LoraOnnx.Files;

/// <summary>Typed reads from a JSON object, whose errors name the file, the key, the value found and the kind expected.</summary>
public sealed partial class JsonFields
{
    /// <summary>Model and adapter descriptions are a few kilobytes, a label map of 10,000 classes a few hundred.</summary>
    private const int LargestFile = 16 << 20;

    private readonly string _path;
    private readonly JsonElement _object;

    private JsonFields(string path, JsonElement json)
    {
        _path = path;
        _object = json;
    }

    /// <summary>The file, for messages.</summary>
    public string Path => _path;

    public JsonElement Root => _object;

    /// <summary>An object inside another file's object; messages name the file.</summary>
    public static JsonFields Of(string path, JsonElement json) => new(path, json);

    /// <exception cref="InputException">The file is missing, too large, not JSON, or not an object.</exception>
    public static JsonFields Load(string path, int largestFile = LargestFile) =>
        Parse(path, ForeignFile.ReadBytes(path, largestFile, "a description of a model", CancellationToken.None));

    public static JsonFields Parse(string path, ReadOnlyMemory<byte> utf8)
    {
        try
        {
            // Byte order marks appear in files edited on Windows.
            var content = utf8.Span.StartsWith("\uFEFF"u8) ? utf8[3..] : utf8;
            var document = BoundedJson.Parse(content); // not disposed: its elements live as long as these fields
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw InputException.InFile(path, $"holds {Describe(document.RootElement)}, expected a JSON object.");
            }

            return new JsonFields(path, document.RootElement);
        }
        catch (JsonException failure)
        {
            throw InputException.InFile(path, $"is not valid JSON: {failure.Message}", inner: failure);
        }
        catch (InvalidOperationException failure)
        {
            throw InputException.InFile(path, $"is not valid JSON: {failure.Message}", inner: failure);
        }
    }

    /// <summary>The value of a key, or null when it is absent or JSON null.</summary>
    public JsonElement? Find(string key)
    {
        try
        {
            return _object.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
        }
        catch (InvalidOperationException failure)
        {
            throw InputException.InFile(_path, $"a key is not valid Unicode: {failure.Message}", inner: failure);
        }
    }

    public string? Text(string key) => Find(key) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => TextOf(value, key),
        { } value => throw Wrong(key, value, "a string"),
    };

    public bool Flag(string key, bool absent) => Find(key) switch
    {
        null => absent,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } value => throw Wrong(key, value, "true or false"),
    };

    public bool? OptionalFlag(string key) => Find(key) is null ? null : Flag(key, false);

    public int Integer(string key, int absent, int least, int most = int.MaxValue) =>
        Find(key) is { } value ? Integer(_path, key, value, least, most) : absent;

    public double Number(string key, double absent, double least, double most) =>
        Find(key) is { } value ? Number(_path, key, value, least, most) : absent;

    /// <summary>The strings of a list, or null when the key is absent or JSON null.</summary>
    public IReadOnlyList<string>? Texts(string key)
    {
        if (Find(key) is not { } value)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
            ? [.. value.EnumerateArray().Select(item => TextOf(item, key))]
            : throw Wrong(key, value, "a list of strings");
    }

    /// <summary>The whole numbers of a list, or the only one; null when the key is absent or JSON null.</summary>
    public IReadOnlyList<int>? Integers(string key)
    {
        if (Find(key) is not { } value)
        {
            return null;
        }

        var numbers = new List<int>();
        foreach (var item in value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().ToList() : [value])
        {
            numbers.Add(item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out var number)
                ? number
                : throw Wrong(key, value, "a whole number or a list of them"));
        }

        return numbers;
    }

    /// <summary>Names and values of this object.</summary>
    public IReadOnlyList<(string Name, JsonElement Value)> Entries() => EntriesOf(_object);

    /// <summary>Names and values of the object under a key; none when it is absent or JSON null.</summary>
    public IReadOnlyList<(string Name, JsonElement Value)> Entries(string key) => Find(key) switch
    {
        null => [],
        { ValueKind: JsonValueKind.Object } value => EntriesOf(value),
        { } value => throw Wrong(key, value, "an object"),
    };

    /// <summary>A copy that may be changed. JSON lets a name come twice, which <c>JsonNode.Parse</c> fails at when first asked; here the last
    /// counts, as for <see cref="Find"/> and for Python.</summary>
    /// <exception cref="InputException">A name is not Unicode.</exception>
    public JsonObject ToNode() => ObjectOf(_object);

    /// <exception cref="InputException">The value is not a whole number in the range.</exception>
    public static int Integer(string path, string key, JsonElement value, int least, int most) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= least && number <= most
            ? number
            : throw Wrong(path, key, value, most == int.MaxValue ? $"a whole number of at least {least}" : $"a whole number from {least} to {most}");

    /// <exception cref="InputException">The value is not a number in the range.</exception>
    public static double Number(string path, string key, JsonElement value, double least, double most) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number >= least && number <= most
            ? number
            : throw Wrong(path, key, value, $"a number from {least} to {most}");

    public InputException Wrong(string key, JsonElement value, string expected) => Wrong(_path, key, value, expected);

    public static InputException Wrong(string path, string key, JsonElement value, string expected) =>
        InputException.InFile(path, $"'{key}' is {Describe(value)}, expected {expected}.");

    private JsonObject ObjectOf(JsonElement json)
    {
        var copy = new JsonObject();
        foreach (var (name, value) in EntriesOf(json))
        {
            copy[name] = NodeOf(value);
        }

        return copy;
    }

    private JsonNode? NodeOf(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => ObjectOf(json),
        JsonValueKind.Array => new JsonArray([.. json.EnumerateArray().Select(NodeOf)]),
        _ => JsonValue.Create(json),
    };

    private List<(string Name, JsonElement Value)> EntriesOf(JsonElement json)
    {
        try
        {
            return [.. json.EnumerateObject().Select(property => (property.Name, property.Value))];
        }
        catch (InvalidOperationException failure)
        {
            throw InputException.InFile(_path, $"a key is not valid Unicode: {failure.Message}", inner: failure);
        }
    }

    public string TextOf(JsonElement value, string key)
    {
        try
        {
            return value.GetString()!; // callers have checked the kind
        }
        catch (InvalidOperationException failure)
        {
            throw InputException.InFile(_path, $"'{key}' is not valid Unicode: {failure.Message}", inner: failure);
        }
    }

    /// <summary>A value in a few characters of one line.</summary>
    public static string Describe(JsonElement value)
    {
        var raw = value.ValueKind == JsonValueKind.Array
            ? Space().Replace(value.GetRawText(), " ").Replace("[ ", "[", StringComparison.Ordinal).Replace(" ]", "]", StringComparison.Ordinal)
            : value.GetRawText();
        return value.ValueKind switch
        {
            JsonValueKind.Object => "an object",
            JsonValueKind.Array => raw.Length <= 60 ? $"the list {raw}" : "a list",
            _ => raw.Length <= 60 ? raw : raw[..60] + "...",
        };
    }

    [GeneratedRegex(@"\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Space();
}
