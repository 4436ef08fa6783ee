using System.Collections;
using System.Globalization;
using LoraOnnx.Model.Configuration;
using Parquet;
using Parquet.Schema;
using Parquet.Serialization;

namespace LoraOnnx.Model.Texts;

/// <summary>Reads Parquet files as the Hugging Face hub has them, a row group at a time. Lines in errors are rows, counted from 1.</summary>
internal sealed class ParquetTable(string path, DistilBertConfig config)
{
    private readonly LabelReader _labels = new(config);

    public IEnumerable<LabelledText> Read(Stream stream)
    {
        OrInputException(() => CheckBounds(stream));
        var schema = OrInputException(() => Wait(ParquetReader.ReadSchemaAsync(stream)));
        string[] names = [.. schema.Fields.Select(field => field.Name)];
        var header = new TableHeader(names, new RowPlace(path, 1));
        var isList = schema.Fields[header.Label] is ListField or DataField { IsArray: true };
        var groups = OrInputException(() => CountGroups(stream));
        var row = 0;
        for (var group = 0; group < groups; group++)
        {
            foreach (var cells in OrInputException(() => Wait(ParquetSerializer.DeserializeUntypedAsync(stream, rowGroupIndex: group)).Data))
            {
                var place = new RowPlace(path, ++row);
                var text = cells.GetValueOrDefault(names[header.Text]) switch
                {
                    string value => value,
                    null => throw place.Error($"'{names[header.Text]}' is null, expected a string."),
                    var other => throw place.Error($"'{names[header.Text]}' is a {other.GetType().Name}, expected a string."),
                };
                yield return LabelledText.Create(text, Labels(cells.GetValueOrDefault(names[header.Label]), isList, place), header.Others([.. names.Select(name => Show(cells.GetValueOrDefault(name)))]));
            }
        }
    }

    private static bool CheckBounds(Stream stream)
    {
        ParquetBounds.Check(stream);
        stream.Position = 0;
        return true;
    }

    private static int CountGroups(Stream stream)
    {
        var reader = Wait(ParquetReader.CreateAsync(stream, leaveStreamOpen: true));
        var count = reader.RowGroupCount;
        reader.DisposeAsync().AsTask().GetAwaiter().GetResult();
        return count;
    }

    private int[] Labels(object? label, bool isList, RowPlace place) => label switch
    {
        null when isList => _labels.Several([], place), // the library does not tell an empty list from none
        string word => _labels.Read(word, place),
        IEnumerable several => _labels.Several([.. several.Cast<object?>().Select(Cell)], place),
        _ => [_labels.One(Cell(label), place)],
    };

    private static LabelCell Cell(object? value) => value switch
    {
        string word => new(LabelKind.Word, word),
        bool truth => new(LabelKind.Truth, truth ? "true" : "false"),
        float or double => new(LabelKind.Decimal, Convert.ToDouble(value, CultureInfo.InvariantCulture) is var number && number == Math.Floor(number) ? number.ToString("0.0", CultureInfo.InvariantCulture) : number.ToString("R", CultureInfo.InvariantCulture)),
        sbyte or byte or short or ushort or int or uint or long or ulong => new(LabelKind.Whole, Convert.ToString(value, CultureInfo.InvariantCulture)!), // numbers have a text
        null => new(LabelKind.Other, "null"),
        _ => new(LabelKind.Other, $"a {value.GetType().Name}"),
    };

    private static string? Show(object? value) => value is IEnumerable and not string ? null : Convert.ToString(value, CultureInfo.InvariantCulture);

    /// <summary>The library has no synchronous form; texts are read before anything else runs, so nobody waits for this thread.</summary>
    private static T Wait<T>(Task<T> task) => task.GetAwaiter().GetResult();

    /// <summary>What the library throws on a damaged file is not documented and ranges from ParquetException to IndexOutOfRangeException; all of it is about the file.</summary>
    private T OrInputException<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            throw InputException.InFile(path, $"is not a Parquet file that can be read: {failure.Message.ReplaceLineEndings(" ")}", inner: failure);
        }
    }
}
