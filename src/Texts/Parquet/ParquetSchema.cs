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
}

/// <summary>A field of a row; <paramref name="Column"/> is null where it is made of other fields.</summary>
internal readonly record struct ParquetField(string Name, ParquetColumn? Column);

/// <summary>Walks over the elements of a schema, which are stored parents first, and numbers the stored columns.</summary>
internal sealed class ParquetSchema
{
    private const int MostElements = 4096;
    private const int DeepestNesting = 32;

    private readonly List<Element> _elements = [];
    private int _next;

    private ParquetSchema(ref ThriftReader reader)
    {
        for (var left = reader.Elements(ThriftReader.Struct); left > 0; left--)
        {
            _elements.Add(_elements.Count < MostElements
                ? Element.Read(ref reader)
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

    private Element Take() => _next < _elements.Count ? _elements[_next++] : throw new FormatException("the schema ends too early.");

    private ParquetField ReadField()
    {
        var (name, first) = (_elements.ElementAtOrDefault(_next)?.Name ?? "", Stored.Count);
        var path = default(Levels);
        var leaf = Descend(path, depth: 1);
        var isPlain = Stored.Count == first + 1 && leaf.Levels is { Repeated: 0, Depth: 1 } or { Repeated: 1, Depth: <= 3 };
        return new(name, isPlain ? new ParquetColumn(first, leaf.Element.Type, leaf.Element.Kind, leaf.Levels.Defined, leaf.Levels.ListDefined)
            : null);
    }

    /// <summary>Passes over an element and all below it; returns the last stored one.</summary>
    private (Element Element, Levels Levels) Descend(Levels above, int depth)
    {
        var element = Take();
        var levels = above.Below(element.Repetition);
        if (element.Children == 0)
        {
            Stored.Add(element.Type);
            return (element, levels);
        }

        var last = (element, levels);
        for (var left = element.Children; left > 0; left--)
        {
            last = depth < DeepestNesting
                ? Descend(levels, depth + 1)
                : throw new FormatException($"the schema is nested deeper than {DeepestNesting} times.");
        }

        return last;
    }

    /// <summary>Levels that the way to an element adds up to.</summary>
    private readonly record struct Levels(int Defined, int Repeated, int ListDefined, int Depth)
    {
        private const int Optional = 1;
        private const int Repetition = 2;

        public Levels Below(int repetition) => repetition switch
        {
            Optional => this with { Defined = Defined + 1, Depth = Depth + 1 },
            Repetition => new(Defined + 1, Repeated + 1, Defined + 1, Depth + 1),
            _ => this with { Depth = Depth + 1 },
        };
    }

    /// <summary>One element as the file has it.</summary>
    private sealed record Element(string Name, PhysicalType Type, ParquetKind Kind, int Repetition, int Children)
    {
        public static Element Read(ref ThriftReader reader)
        {
            var (name, type, repetition, children, converted, logical) = ("", 0L, 0L, 0L, -1L, (Type: 0, IsSigned: true));
            var field = 0;
            while (reader.TryNextField(ref field, out var thrift))
            {
                switch (field)
                {
                    case 1:
                        type = reader.Limited("a type", (long)PhysicalType.FixedBytes);
                        break;
                    case 3:
                        repetition = reader.Limited("a repetition", 2);
                        break;
                    case 4 when thrift == ThriftReader.Binary:
                        name = reader.Text();
                        break;
                    case 5:
                        children = reader.Limited("the children of a schema element:", MostElements);
                        break;
                    case 6:
                        converted = reader.Number();
                        break;
                    case 10 when thrift == ThriftReader.Struct:
                        logical = ReadLogical(ref reader);
                        break;
                    default:
                        reader.Skip(thrift);
                        break;
                }
            }

            return new(name, (PhysicalType)type, KindOf((PhysicalType)type, converted, logical.Type, logical.IsSigned), (int)repetition,
                (int)children);
        }

        /// <summary>The member of the union that is set, and whether numbers have a sign.</summary>
        private static (int Type, bool IsSigned) ReadLogical(ref ThriftReader reader)
        {
            var result = (Type: 0, IsSigned: true);
            var field = 0;
            while (reader.TryNextField(ref field, out var thrift))
            {
                result.Type = field;
                if (field != 10 || thrift != ThriftReader.Struct) // 10: INTEGER
                {
                    reader.Skip(thrift);
                    continue;
                }

                var inner = 0;
                while (reader.TryNextField(ref inner, out var innerThrift))
                {
                    result.IsSigned &= !(inner == 2 && innerThrift == ThriftReader.Falsehood);
                    reader.Skip(innerThrift);
                }
            }

            return result;
        }

        private static ParquetKind KindOf(PhysicalType type, long converted, int logical, bool isSigned) => type switch
        {
            PhysicalType.Boolean => ParquetKind.Truth,
            PhysicalType.Float or PhysicalType.Double => ParquetKind.Decimal,
            PhysicalType.ByteArray when logical is 1 or 4 or 12 || converted is 0 or 4 or 19 => ParquetKind.Text, // string, enumeration, JSON
            PhysicalType.Int32 or PhysicalType.Int64 when converted is >= 11 and <= 14 || !isSigned => ParquetKind.Unsigned,
            PhysicalType.Int32 or PhysicalType.Int64 when logical is 0 or 10 && converted is -1 or (>= 15 and <= 18) => ParquetKind.Whole,
            _ => ParquetKind.Other,
        };
    }
}
