namespace LoraOnnx.Texts.Parquet;

/// <summary>What a new column of a Parquet file holds.</summary>
public enum StoredKind
{
    /// <summary>Strings.</summary>
    Text,

    /// <summary>Strings that are JSON.</summary>
    Json,

    /// <summary>Whole numbers of 64 bits.</summary>
    Whole,

    /// <summary>Numbers in double precision.</summary>
    Number,

    /// <summary>True or false.</summary>
    Truth,
}

/// <summary>A column of a Parquet file to be written: one of another file, with its type and all that is said of it there, or a new one.</summary>
public sealed class StoredField
{
    private readonly IReadOnlyList<SchemaElement> _elements;
    private readonly byte[]? _made;

    internal StoredField(string name, IReadOnlyList<ParquetColumn> leaves, IReadOnlyList<SchemaElement> elements)
    {
        (Name, Leaves, _elements) = (name, leaves, elements);
    }

    private StoredField(string name, ParquetColumn leaf, byte[] made)
    {
        (Name, Leaves, _elements, _made) = (name, [leaf], [], made);
    }

    /// <summary>Its name in the table.</summary>
    public string Name { get; }

    /// <summary>True for a plain column of strings.</summary>
    public bool IsText => Leaves is [{ Kind: ParquetKind.Text, MostRepeated: 0 }];

    /// <summary>True for a plain column of strings, numbers or truth values, which can be written as text.</summary>
    public bool IsPlain => Leaves is [{ Kind: not ParquetKind.Other, MostRepeated: 0, Path.Count: 1 }];

    internal IReadOnlyList<ParquetColumn> Leaves { get; }

    internal int ElementCount => _made is null ? _elements.Count : 1;

    /// <summary>A column that may have nothing in any row.</summary>
    public static StoredField New(string name, StoredKind kind)
    {
        ArgumentNullException.ThrowIfNull(name);
        var type = kind switch
        {
            StoredKind.Whole => PhysicalType.Int64,
            StoredKind.Number => PhysicalType.Double,
            StoredKind.Truth => PhysicalType.Boolean,
            _ => PhysicalType.ByteArray,
        };
        var leaf = new ParquetColumn(0, type, ParquetKind.Other, MostDefined: 1, ListDefined: 0)
        {
            Width = type is PhysicalType.Int64 or PhysicalType.Double ? sizeof(long) : 0,
            Path = [name],
        };
        return new StoredField(name, leaf, Element(name, type, kind));
    }

    /// <summary>The same column under another name.</summary>
    public StoredField Renamed(string name)
    {
        ParquetColumn[] leaves = [.. Leaves.Select(leaf => leaf with { Path = [name, .. leaf.Path.Skip(1)] })];
        return _made is null ? new StoredField(name, leaves, _elements) : throw new InvalidOperationException("Only columns of a file are renamed.");
    }

    /// <summary>The elements of the schema, that of the column with the name it has now.</summary>
    internal IEnumerable<byte[]> Elements()
    {
        if (_made is not null)
        {
            return [_made];
        }

        var own = _elements[0];
        var named = new ThriftWriter().Text(Name).ToArray();
        return _elements.Skip(1).Select(element => element.Encoded)
            .Prepend([.. own.Encoded[..own.NamePlace.Start], .. named, .. own.Encoded[own.NamePlace.End..]]);
    }

    private static byte[] Element(string name, PhysicalType type, StoredKind kind)
    {
        const int Optional = 1;
        var element = new ThriftWriter().Field(1, (int)type).Field(3, Optional).Field(4, name);
        var (converted, logical) = kind switch
        {
            StoredKind.Text => (0, 1), // UTF8, STRING
            StoredKind.Json => (19, 12),
            _ => (-1, 0),
        };
        if (converted >= 0)
        {
            element.Field(6, converted).Struct(10, union => union.Struct(logical, _ => { }));
        }

        return element.Stop().ToArray();
    }
}
