using System.Text.Json;

namespace LoraOnnx.Texts;

/// <summary>
/// Makes rows of JSON objects. Which keys hold text and label is decided by the first one, in any case, as in the header of a table. Escaped lone
/// surrogates stay in the text, as Python keeps them; the tokenizer removes them.
/// </summary>
internal sealed class JsonRows(TextOptions options, bool labelled, TextNotices notices)
{
    private TextOptions? _chosen;
    private IReadOnlyList<string> _names = [];
    private ColumnRoles? _roles;

    /// <summary>The row of one object.</summary>
    /// <exception cref="InputException">The first object has no text or no label.</exception>
    public TextRow Row(ReadOnlyMemory<byte> utf8, RowPlace place)
    {
        try
        {
            using var document = BoundedJson.Parse(utf8);
            return Row(document.RootElement, place);
        }
        catch (JsonException failure)
        {
            return Wrong(place, $"is not valid JSON: {Reason(failure)}", failure);
        }
        catch (InvalidOperationException failure)
        {
            return Wrong(place, $"is not valid Unicode: {Shorten(failure.Message)}", failure);
        }
    }

    private TextRow Row(JsonElement row, RowPlace place)
    {
        if (row.ValueKind != JsonValueKind.Object)
        {
            return Wrong(place, $"is {Describe(row)}, expected an object such as {{\"text\": \"...\", \"label\": 1}}.");
        }

        string[] names = [.. row.EnumerateObject().Select(property => property.Name)];
        JsonElement[] values = [.. row.EnumerateObject().Select(property => property.Value)];
        var isFirst = _chosen is null;
        if (_roles is null || !names.SequenceEqual(_names))
        {
            try
            {
                (_roles, _names) = (new ColumnRoles(names, _chosen ?? options, labelled, place), names);
            }
            catch (InputException) when (!isFirst && Missing(names) is { } missing)
            {
                return Wrong(place, $"has no '{missing}'.");
            }
            catch (InputException failure) when (!isFirst)
            {
                return new TextRow { Place = place, Problem = failure };
            }
        }

        return Row(_names, values, _roles!, place, isFirst); // names are equal, or roles were just found
    }

    private TextRow Row(IReadOnlyList<string> names, JsonElement[] values, ColumnRoles roles, RowPlace place, bool isFirst)
    {
        if (isFirst)
        {
            _chosen = options with
            {
                TextColumn = roles[roles.Text],
                LabelColumn = roles.Label is { } label ? roles[label] : null,
            };
            if (roles.Choice is { } choice)
            {
                notices.Note($"{place.Path}: {choice}");
            }
        }

        var text = values[roles.Text];
        if (text.ValueKind is not (JsonValueKind.String or JsonValueKind.Null))
        {
            return Wrong(place, $"'{roles[roles.Text]}' is {Describe(text)}, expected a string.");
        }

        LabelCell?[] cells = [.. values.Select(Cell)];
        var (raw, problem) = !labelled ? (null, null)
            : roles.Label is { } one ? (RawLabel.Of(values[one]), null)
            : FlagColumns.Of(roles, column => cells[column], place);
        return new TextRow
        {
            Place = place,
            Problem = problem,
            Text = cells[roles.Text]?.Text ?? "",
            Label = raw,
            Names = names,
            Cells = cells,
            Roles = roles
        };
    }

    private static LabelCell? Cell(JsonElement value) => value.ValueKind == JsonValueKind.Null ? null : LabelCell.Of(value);

    /// <summary>A key that the first object had.</summary>
    private string? Missing(string[] names)
    {
        string?[] wanted = [_chosen!.TextColumn, labelled ? _chosen.LabelColumn : null, .. labelled ? _chosen.LabelColumns : []]; // not the first row
        return Array.Find(wanted, name => name is not null && !names.Contains(name, StringComparer.OrdinalIgnoreCase));
    }

    private static TextRow Wrong(RowPlace place, ErrorText message, Exception? inner = null) =>
        new() { Place = place, Problem = place.Error(message, inner: inner) };

    /// <summary>The parser's words without its own place: it counts from 0, and knows one line only.</summary>
    private static string Reason(JsonException failure)
    {
        const string Place = " LineNumber: ";
        var end = failure.Message.IndexOf(Place, StringComparison.Ordinal);
        return end < 0 ? Shorten(failure.Message) : $"{failure.Message[..end]} (byte {failure.BytePositionInLine + 1} of the line)";
    }

    private static string Describe(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => $"the list {Shorten(value.GetRawText())}",
        _ => Shorten(value.GetRawText()),
    };

    private static string Shorten(string text) => text.Length <= 80 ? text : text[..80] + "...";
}
