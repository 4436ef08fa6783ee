using System.Buffers.Binary;
using System.Text;

namespace LoraOnnx.Texts.Parquet;

/// <summary>What a file says of one of its row groups.</summary>
public sealed record StoredGroup(long Rows, IReadOnlyList<StoredChunk> Chunks)
{
    /// <summary>Bytes of all its columns.</summary>
    public long Bytes => Chunks.Sum(chunk => chunk.Bytes);
}

/// <summary>Rows of a Parquet file to be written, a row group at a time. Cells of a row may be added in any order of the columns, one each.</summary>
public sealed class StoredTable
{
    private static readonly byte[] _magic = "PAR1"u8.ToArray();

    private readonly StoredColumn[][] _columns;

    /// <summary>An empty table.</summary>
    public StoredTable(IReadOnlyList<StoredField> fields)
    {
        ArgumentNullException.ThrowIfNull(fields);
        Fields = fields;
        _columns = [.. fields.Select(field => field.Leaves.Select(leaf => new StoredColumn(leaf)).ToArray())];
    }

    /// <summary>Its columns.</summary>
    public IReadOnlyList<StoredField> Fields { get; }

    internal IReadOnlyList<StoredColumn> Of(int field) => _columns[field];

    /// <summary>A cell of a new column; null: nothing.</summary>
    public void Add(int field, string? value) => Add(field, value is null, value is null ? default : Encoding.UTF8.GetBytes(value));

    /// <summary>A cell of a new column; null: nothing.</summary>
    public void Add(int field, double? value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(double)];
        BinaryPrimitives.WriteDoubleLittleEndian(bytes, value ?? 0);
        Add(field, value is null, bytes);
    }

    /// <summary>A cell of a new column; null: nothing.</summary>
    public void Add(int field, long? value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value ?? 0);
        Add(field, value is null, bytes);
    }

    /// <summary>A cell of a new column; null: nothing.</summary>
    public void Add(int field, bool? value) => Add(field, value is null, [value == true ? (byte)1 : (byte)0]);

    private void Add(int field, bool isNull, ReadOnlySpan<byte> value) => _columns[field][0].Add(0, isNull ? 0 : 1, value);

    /// <summary>What a file begins with.</summary>
    public static void Begin(Stream stream) => stream.Write(_magic);

    /// <summary>Writes the rows added since the last call as a row group.</summary>
    public StoredGroup EndGroup(Stream stream, long rows) =>
        new(rows, [.. _columns.SelectMany(leaves => leaves).Select(column => column.End(stream))]);

    /// <summary>Writes what a file ends with. Its groups stand one behind the other from the beginning of the file.</summary>
    public static void End(Stream stream, IReadOnlyList<StoredField> fields, IReadOnlyList<StoredGroup> groups)
    {
        const int Version = 1;
        var start = (long)_magic.Length;
        var encoded = new List<byte[]>();
        foreach (var group in groups)
        {
            encoded.Add(Group(fields, group, start));
            start += group.Bytes;
        }

        var root = new ThriftWriter().Field(4, "schema").Field(5, fields.Count).Stop().ToArray();
        var footer = new ThriftWriter().Field(1, Version)
            .Structs(2, 1 + fields.Sum(field => field.ElementCount), fields.SelectMany(field => field.Elements()).Prepend(root))
            .Field(3, groups.Sum(group => group.Rows)).Structs(4, groups.Count, encoded).Field(6, "LoraOnnx").Stop().ToArray();
        stream.Write(footer);
        stream.Write(BitConverter.GetBytes(footer.Length));
        stream.Write(_magic);
    }

    private static byte[] Group(IReadOnlyList<StoredField> fields, StoredGroup group, long start)
    {
        var chunks = new List<byte[]>();
        foreach (var (leaf, chunk) in fields.SelectMany(field => field.Leaves).Zip(group.Chunks))
        {
            var at = start;
            chunks.Add(new ThriftWriter().Field(2, at).Struct(3, place => place.Field(1, (int)leaf.Type)
                .Numbers(2, (int)PageEncoding.Plain, (int)PageEncoding.RunLengths).Texts(3, leaf.Path).Field(4, (int)PageCodec.Zstandard)
                .Field(5, chunk.Values).Field(6, chunk.Unpacked).Field(7, chunk.Bytes).Field(9, at)).Stop().ToArray());
            start += chunk.Bytes;
        }

        return new ThriftWriter().Structs(1, chunks.Count, chunks).Field(2, group.Chunks.Sum(chunk => chunk.Unpacked)).Field(3, group.Rows)
            .Stop().ToArray();
    }
}
