using System.Text.Json;

namespace LoraOnnx.Model.Tokenization.Unigram;

/// <summary>What sentencepiece.bpe.model or tokenizer.json say about pieces with scores.</summary>
internal sealed record UnigramFiles(IReadOnlyList<INormalizerStep> Steps, WordMark Mark, int UnknownId)
{
    private const char StandardMark = '\u2581';

    /// <summary>fairseq's ids: four special tokens, the pieces but for their own three, the mask.</summary>
    private static readonly string[] _fairseq = ["<s>", "<pad>", "</s>", "<unk>"];

    public static (IReadOnlyList<(string Text, int Id)> Pieces, IReadOnlyList<double> Scores,
        IReadOnlyList<string> UserDefined) ReadPieces(TokenizerFiles files)
    {
        var apart = files.SentencePiece is { } model ? Shift(files.PathOf(TokenizerFiles.SentencePieceName), model) : (null, null, null);
        if (files.Json is null)
        {
            return apart!; // the kind was chosen because the file is there
        }

        var (pieces, scores) = ReadJson(files.JsonPath, files.Part("model")!); // its kind is checked before
        if (apart.Pieces is not null)
        {
            VocabularyFile.CheckAgreement(files.PathOf(TokenizerFiles.SentencePieceName), VocabularyFile.Ids(apart.Pieces),
                files.JsonPath, VocabularyFile.Ids(pieces));
        }

        return (pieces, scores, []);
    }

    public static UnigramFiles Of(TokenizerFiles files)
    {
        if (files.Part("model") is { } model)
        {
            var unknown = model.Find("unk_id") is { } value ? JsonFields.Integer(files.JsonPath, "model.unk_id", value, 0, files.Pieces.Count - 1)
                : throw InputException.InFile(files.JsonPath, "'model' has no 'unk_id': there is no token for unknown characters.");
            return model.Flag("byte_fallback", absent: false)
                ? throw InputException.InFile(files.JsonPath, "'model.byte_fallback' is true, which is not supported.")
                : new UnigramFiles(NormalizerSteps.Read(files), ReadMark(files), unknown);
        }

        var map = files.SentencePiece!.CharacterMap; // the kind was chosen because the file is there
        var prefix = files.Config?.Flag("add_prefix_space", absent: true) ?? true;
        return new UnigramFiles(
            map.Length == 0 ? [] : [new CharacterMapStep(CharacterMap.Parse(files.VocabularyPath, map))],
            new WordMark(StandardMark, prefix ? MarkPlace.Always : MarkPlace.Never, Splits: true, SplitsAtWhiteSpace: true),
            Array.IndexOf(_fairseq, "<unk>"));
    }

    private static (IReadOnlyList<(string Text, int Id)> Pieces, IReadOnlyList<double> Scores, IReadOnlyList<string> UserDefined) Shift(
        string path, SentencePieceFile model)
    {
        var own = model.Pieces.Take(3).ToList();
        if (own.Count < 3 || own.Exists(piece => piece.Type is not (SentencePieceFile.Unknown or SentencePieceFile.Control)))
        {
            throw InputException.InFile(path, $"begins with '{string.Join(' ', own.Select(piece => piece.Text))}', "
                + "expected the three special tokens '<unk> <s> </s>'.", "supported are models of XLM-RoBERTa.");
        }

        var pieces = new List<(string Text, int Id)>();
        var scores = new List<double>();
        foreach (var (text, score) in _fairseq.Select(text => (text, 0f)).Concat(model.Pieces.Skip(3).Select(piece => (piece.Text, piece.Score)))
            .Append(("<mask>", 0f)))
        {
            pieces.Add((text, pieces.Count));
            scores.Add(score);
        }

        return (pieces, scores, [.. model.Pieces.Where(piece => piece.Type == SentencePieceFile.UserDefined).Select(piece => piece.Text)]);
    }

    private static (IReadOnlyList<(string Text, int Id)> Pieces, IReadOnlyList<double> Scores) ReadJson(string path, JsonFields model)
    {
        var list = model.Find("vocab") is { ValueKind: JsonValueKind.Array } found && found.GetArrayLength() > 0 ? found
            : throw InputException.InFile(path, "'model' has no 'vocab', expected a list of pieces and scores.");
        var (pieces, scores) = (new List<(string Text, int Id)>(), new List<double>());
        foreach (var piece in list.EnumerateArray())
        {
            if (piece.ValueKind != JsonValueKind.Array || piece.GetArrayLength() != 2 || piece[0].ValueKind != JsonValueKind.String
                || piece[1].ValueKind != JsonValueKind.Number || !piece[1].TryGetDouble(out var score) || !double.IsFinite(score))
            {
                throw InputException.InFile(path,
                    $"'model.vocab' has {JsonFields.Describe(piece)} at {pieces.Count}, expected a piece and its score.");
            }

            pieces.Add((model.TextOf(piece[0], "model.vocab"), pieces.Count));
            scores.Add(score);
        }

        return (pieces, scores);
    }

    private static WordMark ReadMark(TokenizerFiles files)
    {
        var splitter = files.Part("pre_tokenizer");
        var parts = splitter?.Text("type") == "Sequence" ? files.Objects(splitter, "pretokenizers") : splitter is null ? [] : [splitter];
        var names = parts.Select(part => part.Text("type") ?? "").ToList();
        if (names is not (["Metaspace"] or ["WhitespaceSplit", "Metaspace"]))
        {
            throw InputException.InFile(files.JsonPath, $"'pre_tokenizer' is '{string.Join(", ", names)}', "
                + "expected 'Metaspace', alone or after 'WhitespaceSplit'.", "others are not supported for Unigram tokenizers.");
        }

        var space = parts[^1];
        var mark = space.Text("replacement") ?? $"{StandardMark}";
        if (mark.Length != 1 || char.IsSurrogate(mark[0]))
        {
            throw InputException.InFile(files.JsonPath, $"'pre_tokenizer.replacement' is '{mark}', expected one character.");
        }

        return new WordMark(mark[0], ReadPlace(files, space), space.Flag("split", absent: true), names.Count == 2);
    }

    private static MarkPlace ReadPlace(TokenizerFiles files, JsonFields space)
    {
        var place = space.Text("prepend_scheme") switch
        {
            null => space.Flag("add_prefix_space", absent: true) ? MarkPlace.Always : MarkPlace.Never,
            "always" => MarkPlace.Always,
            "first" => MarkPlace.First,
            "never" => MarkPlace.Never,
            var other => throw InputException.InFile(files.JsonPath,
                $"'prepend_scheme' is '{other}', expected 'always', 'first' or 'never'."),
        };
        return files.ConfigOverJson?.OptionalFlag("add_prefix_space") is { } prefix && prefix == (place == MarkPlace.Never)
            ? throw InputException.InFile(files.ConfigPath,
                $"'add_prefix_space' is {(prefix ? "true" : "false")}, which contradicts 'pre_tokenizer' of {TokenizerFiles.JsonName}.",
                "the files are from different models; remove the line that is wrong.")
            : place;
    }
}
