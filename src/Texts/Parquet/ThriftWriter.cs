using System.Buffers;
using System.Text;

namespace LoraOnnx.Texts.Parquet;

/// <summary>Writes a struct in Thrift's compact encoding; fields come in rising order.</summary>
internal sealed class ThriftWriter
{
    private const int Int32 = 5;
    private const int Int64 = 6;

    private readonly ArrayBufferWriter<byte> _bytes = new();
    private int _field;

    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

    public ThriftWriter Field(int field, int value) => Head(field, Int32).Signed(value);

    public ThriftWriter Field(int field, long value) => Head(field, Int64).Signed(value);

    public ThriftWriter Field(int field, string value) => Head(field, ThriftReader.Binary).Text(value);

    public ThriftWriter Struct(int field, Action<ThriftWriter> fields) => Head(field, ThriftReader.Struct).Nested(fields);

    /// <summary>A list of structs that are encoded already.</summary>
    public ThriftWriter Structs(int field, int count, IEnumerable<byte[]> structs)
    {
        Head(field, ThriftReader.List).Count(count, ThriftReader.Struct);
        foreach (var encoded in structs)
        {
            _bytes.Write(encoded);
        }

        return this;
    }

    public ThriftWriter Numbers(int field, params IReadOnlyList<int> numbers)
    {
        Head(field, ThriftReader.List).Count(numbers.Count, Int32);
        foreach (var number in numbers)
        {
            Signed(number);
        }

        return this;
    }

    public ThriftWriter Texts(int field, IReadOnlyList<string> texts)
    {
        Head(field, ThriftReader.List).Count(texts.Count, ThriftReader.Binary);
        foreach (var text in texts)
        {
            Text(text);
        }

        return this;
    }

    /// <summary>A text with its length before it.</summary>
    public ThriftWriter Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Varint.Write(_bytes, (ulong)bytes.Length);
        _bytes.Write(bytes);
        return this;
    }

    /// <summary>Ends the struct.</summary>
    public ThriftWriter Stop()
    {
        _bytes.Write<byte>([0]);
        return this;
    }

    private ThriftWriter Nested(Action<ThriftWriter> fields)
    {
        var outer = _field;
        _field = 0;
        fields(this);
        _field = outer;
        return Stop();
    }

    private ThriftWriter Head(int field, int type)
    {
        var step = field - _field;
        _bytes.Write([(byte)((step << 4) | type)]); // no struct of Parquet's leaves out more than 15
        _field = field;
        return this;
    }

    private void Count(int count, int type)
    {
        _bytes.Write([(byte)((Math.Min(count, 15) << 4) | type)]);
        if (count >= 15)
        {
            Varint.Write(_bytes, (ulong)count);
        }
    }

    private ThriftWriter Signed(long value)
    {
        Varint.Write(_bytes, (ulong)((value << 1) ^ (value >> 63)));
        return this;
    }
}
