namespace LoraOnnx.Texts.Parquet;

/// <summary>How the values of a column are stored; the numbers are those of the format.</summary>
internal enum PhysicalType
{
    Boolean = 0,
    Int32 = 1,
    Int64 = 2,
    Int96 = 3,
    Float = 4,
    Double = 5,
    ByteArray = 6,
    FixedBytes = 7,
}

/// <summary>What the values of a column mean, as far as texts and labels need it.</summary>
internal enum ParquetKind
{
    Text,
    Whole,
    Unsigned,
    Decimal,
    Truth,

    /// <summary>Bytes, dates, money: nothing that is read here.</summary>
    Other,
}

/// <summary>A column that can be read: values, or lists of values.</summary>
/// <param name="Chunk">Its place among the stored columns of a row group.</param>
/// <param name="Type">How values are stored.</param>
/// <param name="Kind">What they mean.</param>
/// <param name="MostDefined">The definition level of a value; all below say where a null stands.</param>
/// <param name="ListDefined">For a list: the definition level from which there is an element; 0 for a plain column.</param>
internal sealed record ParquetColumn(int Chunk, PhysicalType Type, ParquetKind Kind, int MostDefined, int ListDefined)
{
    public bool IsList => ListDefined > 0;

    /// <summary>The repetition level of a value that goes on in the innermost list; 0 for a plain column.</summary>
    public int MostRepeated { get; init; }

    /// <summary>Bytes of each value; 0 where they have lengths of their own, or are bits.</summary>
    public int Width { get; init; }

    /// <summary>Names on the way to it, its field's first.</summary>
    public IReadOnlyList<string> Path { get; init; } = [];
}

/// <summary>A field of a row; <paramref name="Column"/> is null where it is made of other fields.</summary>
internal readonly record struct ParquetField(string Name, ParquetColumn? Column, StoredField Stored);

/// <summary>Walks over the elements of a schema, which are stored parents first, and numbers the stored columns.</summary>
internal sealed class ParquetSchema
{
    public const int MostElements = 4096;
    private const int DeepestNesting = 32;

    private readonly List<SchemaElement> _elements = [];
    private readonly List<ParquetColumn> _leaves = []; // of the field that is read
    private int _next;

    private ParquetSchema(ref ThriftReader reader)
    {
        for (var left = reader.Elements(ThriftReader.Struct); left > 0; left--)
        {
            _elements.Add(_elements.Count < MostElements
                ? SchemaElement.Read(ref reader)
                : throw new FormatException($"the schema has more than {MostElements} elements."));
        }
    }

    /// <summary>Type of each stored column.</summary>
    public List<PhysicalType> Stored { get; } = [];

    public List<ParquetField> Fields { get; } = [];

    public static ParquetSchema Read(ref ThriftReader reader)
    {
        var schema = new ParquetSchema(ref reader);
        var root = schema.Take();
        for (var left = root.Children; left > 0; left--)
        {
            schema.Fields.Add(schema.ReadField());
        }

        return schema._next == schema._elements.Count ? schema : throw new FormatException("the schema has elements that belong to nothing.");
    }

    private SchemaElement Take() => _next < _elements.Count ? _elements[_next++] : throw new FormatException("the schema ends too early.");

    private ParquetField ReadField()
    {
        var first = _next;
        _leaves.Clear();
        var depth = Descend(default, [], depth: 1);
        var stored = new StoredField(_elements[first].Name, [.. _leaves], _elements.GetRange(first, _next - first));
        var isPlain = _leaves is [{ MostRepeated: 0 }] && depth == 1 || (_leaves is [{ MostRepeated: 1 }] && depth <= 3);
        return new(stored.Name, isPlain ? _leaves[0] : null, stored);
    }

    /// <summary>Passes over an element and all below it; returns how deep the last one lies.</summary>
    private int Descend(Levels above, IReadOnlyList<string> path, int depth)
    {
        var element = Take();
        var levels = above.Below(element.Repetition);
        path = [.. path, element.Name];
        if (element.Children == 0)
        {
            _leaves.Add(new ParquetColumn(Stored.Count, element.Type, element.Kind, levels.Defined, levels.ListDefined)
            {
                MostRepeated = levels.Repeated,
                Width = element.Width,
                Path = path,
            });
            Stored.Add(element.Type);
            return depth;
        }

        var last = depth;
        for (var left = element.Children; left > 0; left--)
        {
            last = depth < DeepestNesting
                ? Descend(levels, path, depth + 1)
                : throw new FormatException($"the schema is nested deeper than {DeepestNesting} times.");
        }

        return last;
    }

    /// <summary>Levels that the way to an element adds up to.</summary>
    private readonly record struct Levels(int Defined, int Repeated, int ListDefined)
    {
        private const int Optional = 1;
        private const int Repetition = 2;

        public Levels Below(int repetition) => repetition switch
        {
            Optional => this with { Defined = Defined + 1 },
            Repetition => new(Defined + 1, Repeated + 1, Defined + 1),
            _ => this,
        };
    }
}
