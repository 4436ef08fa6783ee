using System.Text.Json;

namespace LoraOnnx.Model.Tokenization;

/// <summary>What is put around a text, and what becomes of blanks at the ends of tokens: <c>post_processor</c> of tokenizer.json.</summary>
/// <param name="First">The id before the text, or null where the files leave it to the special tokens.</param>
/// <param name="Last">The id after it, likewise.</param>
/// <param name="TrimOffsets">Offsets of byte pairs leave blanks out.</param>
/// <param name="AddsPrefixSpace">Of the blanks of a first token one was added, and so is not there to be left out.</param>
internal sealed record SpecialTokenFrame(int? First, int? Last, bool TrimOffsets, bool AddsPrefixSpace)
{
    private const string Hint = "supported are BertProcessing, RobertaProcessing, TemplateProcessing with one token before and one after the text, "
        + "ByteLevel, and a Sequence of these.";

    /// <summary>Follows the file's post-processor.</summary>
    /// <exception cref="InputException">It is missing, of an unknown kind, or does not put one token before and one after the text.</exception>
    public static SpecialTokenFrame Of(TokenizerFiles files)
    {
        if (files.Part("post_processor") is not { } processor)
        {
            throw InputException.InFile(files.JsonPath, "'post_processor' is missing or null: nothing puts the special tokens around a text.", Hint);
        }

        var frame = Apply(files, processor, new SpecialTokenFrame(null, null, false, false));
        return frame.First is not null ? frame
            : throw InputException.InFile(files.JsonPath, $"'post_processor' is '{Name(processor)}', which puts no special tokens around a text.",
                Hint);
    }

    private static SpecialTokenFrame Apply(TokenizerFiles files, JsonFields processor, SpecialTokenFrame frame) => processor.Text("type") switch
    {
        "BertProcessing" => frame.With(files, Pair(files, processor, "cls"), Pair(files, processor, "sep")),
        "RobertaProcessing" => frame.With(files, Pair(files, processor, "cls"), Pair(files, processor, "sep")) with
        {
            TrimOffsets = frame.TrimOffsets || processor.Flag("trim_offsets", absent: true),
            AddsPrefixSpace = processor.Flag("add_prefix_space", absent: true),
        },
        "ByteLevel" => frame with
        {
            TrimOffsets = frame.TrimOffsets || processor.Flag("trim_offsets", absent: true),
            AddsPrefixSpace = processor.Flag("add_prefix_space", absent: true),
        },
        "TemplateProcessing" => Template(files, processor, frame),
        "Sequence" => Sequence(files, processor).Aggregate(frame, (before, step) => Apply(files, step, before)),
        _ => throw InputException.InFile(files.JsonPath, $"'post_processor' is '{Name(processor)}', which is not supported.", Hint),
    };

    private SpecialTokenFrame With(TokenizerFiles files, int first, int last) => First is null ? this with { First = first, Last = last }
        : throw InputException.InFile(files.JsonPath, "'post_processor' puts special tokens around a text twice, which is not supported.", Hint);

    private static string Name(JsonFields processor) => (processor.Text("type") ?? "");

    private static List<JsonFields> Sequence(TokenizerFiles files, JsonFields processor)
    {
        var steps = files.Objects(processor, "processors");
        return steps.Any(step => step.Text("type") == "Sequence")
            ? throw InputException.InFile(files.JsonPath, "'post_processor' has a Sequence in a Sequence, which is not supported.", Hint)
            : steps;
    }

    /// <summary>A token and its id, such as <c>["[SEP]", 102]</c>.</summary>
    private static int Pair(TokenizerFiles files, JsonFields processor, string key) =>
        processor.Find(key) is { ValueKind: JsonValueKind.Array } pair && pair.GetArrayLength() == 2 && pair[1].ValueKind == JsonValueKind.Number
            ? Known(files, JsonFields.Integer(files.JsonPath, $"post_processor.{key}", pair[1], 0, VocabularyFile.LargestId))
            : throw InputException.InFile(files.JsonPath, $"'post_processor' has no '{key}', expected a token and its id.", Hint);

    private static SpecialTokenFrame Template(TokenizerFiles files, JsonFields processor, SpecialTokenFrame frame)
    {
        var pieces = files.Objects(processor, "single");
        var tokens = pieces.Select(piece => piece.Find("SpecialToken")).ToList();
        if (pieces.Count != 3 || tokens[0] is not { } first || tokens[2] is not { } last || !IsText(pieces[1]))
        {
            throw InputException.InFile(files.JsonPath,
                $"'post_processor' has the template '{string.Join(' ', pieces.Select(Show))}', "
                + "expected one special token before and one after the text ($A).", Hint);
        }

        if (pieces.Find(piece => TypeOf(piece) != 0) is { } typed)
        {
            throw InputException.InFile(files.JsonPath, $"'post_processor' gives {Show(typed)} the token type {TypeOf(typed)}, expected 0.", Hint);
        }

        return frame.With(files, Template(files, processor, first), Template(files, processor, last));

        int TypeOf(JsonFields piece) => (piece.Find("Sequence") ?? piece.Find("SpecialToken")) is { ValueKind: JsonValueKind.Object } part
            ? JsonFields.Of(files.JsonPath, part).Integer("type_id", 0, 0, int.MaxValue) : 0;

        bool IsText(JsonFields piece) => piece.Find("Sequence") is { ValueKind: JsonValueKind.Object } text && JsonFields.Of(files.JsonPath, text)
            .Text("id") == "A";

        string Show(JsonFields piece) => piece.Find("Sequence") is { ValueKind: JsonValueKind.Object } text
            ? $"${JsonFields.Of(files.JsonPath, text).Text("id")}"
            : piece.Find("SpecialToken") is { ValueKind: JsonValueKind.Object } token ? JsonFields.Of(files.JsonPath, token).Text("id") ?? "?" : "?";
    }

    /// <summary>The only id of a token that the template names.</summary>
    private static int Template(TokenizerFiles files, JsonFields processor, JsonElement token)
    {
        var name = token.ValueKind == JsonValueKind.Object ? JsonFields.Of(files.JsonPath, token).Text("id") : null;
        var found = processor.Find("special_tokens") is { ValueKind: JsonValueKind.Object } list && name is not null
            && JsonFields.Of(files.JsonPath, list).Find(name) is { ValueKind: JsonValueKind.Object } entry
            ? JsonFields.Of(files.JsonPath, entry).Integers("ids") : null;
        return found is [var id] ? Known(files, id)
            : throw InputException.InFile(files.JsonPath, $"'post_processor' gives '{name}' no id or several, expected one.",
                Hint);
    }

    private static int Known(TokenizerFiles files, int id) => files.HasId(id) ? id
        : throw InputException.InFile(files.JsonPath, $"'post_processor' uses the id {id}, which the vocabulary does not have.",
            "the files are from different models.");
}
