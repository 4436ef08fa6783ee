namespace LoraOnnx.Texts.Parquet;

/// <summary>One element as the file has it.</summary>
internal sealed record SchemaElement(string Name, PhysicalType Type, ParquetKind Kind, int Repetition, int Children)
{
    private const int LargestFixed = 1 << 16;

    /// <summary>Bytes of each value; 0 where they have lengths of their own, or are bits.</summary>
    public int Width { get; private init; }

    /// <summary>The element as it stands in the file, so that what is not understood here can be written again.</summary>
    public byte[] Encoded { get; private init; } = [];

    /// <summary>Where the name stands in it, with its length before it.</summary>
    public Range NamePlace { get; private init; }

    public static SchemaElement Read(ref ThriftReader reader)
    {
        var (name, type, repetition, children, converted, logical) = ("", 0L, 0L, 0L, -1L, (Type: 0, IsSigned: true));
        var (field, start, width, place) = (0, reader.Position, 0L, default(Range));
        while (reader.TryNextField(ref field, out var thrift))
        {
            switch (field)
            {
                case 1:
                    type = reader.Limited("a type", (long)PhysicalType.FixedBytes);
                    break;
                case 2:
                    width = reader.Number();
                    break;
                case 3:
                    repetition = reader.Limited("a repetition", 2);
                    break;
                case 4 when thrift == ThriftReader.Binary:
                    var before = reader.Position - start;
                    name = reader.Text();
                    place = before..(reader.Position - start);
                    break;
                case 5:
                    children = reader.Limited("the children of a schema element:", ParquetSchema.MostElements);
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
            (int)children)
        {
            Width = WidthOf((PhysicalType)type, width),
            Encoded = reader.Since(start),
            NamePlace = place,
        };
    }

    private static int WidthOf(PhysicalType type, long ofFixed) => type switch
    {
        PhysicalType.Int32 or PhysicalType.Float => sizeof(int),
        PhysicalType.Int64 or PhysicalType.Double => sizeof(long),
        PhysicalType.Int96 => sizeof(int) + sizeof(long),
        PhysicalType.FixedBytes => ofFixed is > 0 and <= LargestFixed ? (int)ofFixed
            : throw new FormatException($"values of {ofFixed} bytes each, expected 1 to {LargestFixed}."),
        _ => 0,
    };

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
