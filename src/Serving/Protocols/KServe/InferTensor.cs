using System.Buffers.Binary;
using System.Text;
using LoraOnnx.Serving.Calls;

namespace LoraOnnx.Serving.Protocols.KServe;

/// <summary>An input tensor: checked name, type and shape, and the elements that the shape asks for.</summary>
internal sealed class InferTensor
{
    public const string BytesType = "BYTES";

    /// <summary>More dimensions than any input here has.</summary>
    private const int MostDimensions = 8;

    private static readonly UTF8Encoding _strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private InferTensor(string field, string name, string datatype, IReadOnlyList<long> shape, long count) =>
        (Field, Name, Datatype, Shape, Count) = (field, name, datatype, shape, count);

    /// <summary>What errors call it, such as <c>inputs[0]</c>.</summary>
    public string Field { get; }

    public string Name { get; }

    public string Datatype { get; }

    public IReadOnlyList<long> Shape { get; }

    /// <summary>Elements that the shape stands for.</summary>
    public long Count { get; }

    public bool IsText => Datatype == BytesType;

    /// <summary>The elements of a BYTES tensor.</summary>
    public string[] Texts { get; private set; } = [];

    /// <summary>The elements of an INT32 or INT64 tensor.</summary>
    public long[] Integers { get; private set; } = [];

    /// <summary>Bytes of an element in raw form; 0: each says its own.</summary>
    public int Width => Datatype switch { "INT64" => sizeof(long), "INT32" => sizeof(int), _ => 0 };

    public static CallResult<InferTensor> Of(string field, string name, string datatype, IReadOnlyList<long> shape, long mostElements)
    {
        if (datatype is not (BytesType or "INT64" or "INT32"))
        {
            return CallError.Invalid(field, $"'{CallError.Shown(name)}' is {CallError.Shown(datatype)}, expected BYTES, INT64 or INT32.");
        }

        var count = 1L;
        foreach (var extent in shape)
        {
            if (extent < 0)
            {
                return CallError.Invalid(field, $"'{CallError.Shown(name)}' is [{Shown(shape)}], expected lengths of at least 0.");
            }

            if (shape.Count > MostDimensions || extent > mostElements || (count *= extent) > mostElements)
            {
                return CallError.OverLimit(field, $"'{CallError.Shown(name)}' is [{Shown(shape)}]; at most {mostElements} elements are taken.");
            }
        }

        var tensor = new InferTensor(field, name, datatype, shape, count);
        return tensor.IsText
            ? shape is [_] or [_, 1] ? tensor : tensor.Wrong($"is {tensor.ShapeText}, expected [texts] or [texts, 1].")
            : shape is [_, > 0] ? tensor : tensor.Wrong($"is {tensor.ShapeText}, expected [texts, 1 or more tokens].");
    }

    /// <summary>An error that names the tensor.</summary>
    public CallError Wrong(string message) => CallError.Invalid(Field, $"'{CallError.Shown(Name)}' {message}");

    /// <summary>An error when elements are not as many as the shape says.</summary>
    public CallError? RequireCount(long count) => count == Count ? null : Wrong($"has {count} elements; its shape {ShapeText} needs {Count}.");

    public string ShapeText => $"[{Shown(Shape)}]";

    public CallError? Take(string[] texts)
    {
        Texts = texts;
        return RequireCount(texts.Length);
    }

    public CallError? Take(long[] integers)
    {
        Integers = integers;
        return RequireCount(integers.Length);
    }

    /// <summary>Takes elements in raw form: numbers little-endian, texts with their lengths in four bytes before them.</summary>
    public CallError? TakeRaw(ReadOnlySpan<byte> raw)
    {
        if (IsText)
        {
            return TakeRawTexts(raw);
        }

        if (raw.Length != Count * Width)
        {
            return Wrong($"has {raw.Length} bytes; its shape {ShapeText} needs {Count * Width}.");
        }

        var values = new long[Count];
        for (var i = 0; i < values.Length; i++)
        {
            var element = raw[(i * Width)..];
            values[i] = Width == sizeof(long) ? BinaryPrimitives.ReadInt64LittleEndian(element) : BinaryPrimitives.ReadInt32LittleEndian(element);
        }

        return Take(values);
    }

    /// <summary>Reads one text; an error when it is not UTF-8.</summary>
    public CallError? Read(ReadOnlySpan<byte> utf8, int element, out string text)
    {
        try
        {
            text = _strictUtf8.GetString(utf8);
            return null;
        }
        catch (DecoderFallbackException)
        {
            text = "";
            return Wrong($"element {element} is not UTF-8.");
        }
    }

    private CallError? TakeRawTexts(ReadOnlySpan<byte> raw)
    {
        var texts = new string[Count];
        var element = 0;
        for (var at = 0; at < raw.Length; element++)
        {
            var length = raw.Length - at >= sizeof(uint) ? BinaryPrimitives.ReadUInt32LittleEndian(raw[at..]) : uint.MaxValue;
            at += sizeof(uint);
            if (length > raw.Length - at)
            {
                return Wrong($"is not a sequence of lengths and bytes: it breaks off in element {element}.");
            }

            if (element < texts.Length && Read(raw.Slice(at, (int)length), element, out texts[element]) is { } error)
            {
                return error;
            }

            at += (int)length;
        }

        Texts = texts;
        return RequireCount(element);
    }

    private static string Shown(IReadOnlyList<long> shape) =>
        string.Join(", ", shape.Take(MostDimensions)) + (shape.Count > MostDimensions ? ", ..." : "");
}
