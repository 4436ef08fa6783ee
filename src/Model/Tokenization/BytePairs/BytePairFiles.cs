using System.Text.Json;

namespace LoraOnnx.Model.Tokenization.BytePairs;

/// <summary>What vocab.json and merges.txt, or tokenizer.json, say about byte pairs.</summary>
internal sealed record BytePairFiles(IReadOnlyList<(int Left, int Right, int Result)> Merges, bool AddPrefixSpace, SpecialTokenFrame Frame,
    int? UnknownId)
{
    /// <summary>True where all unknown bytes of a run become one token.</summary>
    public bool FusesUnknown { get; private init; }

    /// <summary>True where a word that is an entry is taken whole, whatever the merges say.</summary>
    public bool IgnoresMerges { get; private init; }

    public static IReadOnlyList<(string Text, int Id)> ReadPieces(TokenizerFiles files)
    {
        var apart = files.Has(TokenizerFiles.PairVocabularyName) ? ReadVocabulary(files.PathOf(TokenizerFiles.PairVocabularyName)) : null;
        if (files.Json is null)
        {
            return apart!; // the kind was chosen because the file is there
        }

        var pieces = VocabularyFile.ReadJson(files.JsonPath, files.Part("model")!); // its kind is checked before
        if (apart is not null)
        {
            var ids = VocabularyFile.Ids(pieces);
            VocabularyFile.CheckAgreement(files.PathOf(TokenizerFiles.PairVocabularyName), VocabularyFile.Ids(apart), files.JsonPath, ids);
        }

        return pieces;
    }

    public static BytePairFiles Of(TokenizerFiles files)
    {
        var ids = VocabularyFile.Ids(files.Pieces);
        if (files.Part("model") is not { } model)
        {
            var prefix = files.Config?.Flag("add_prefix_space", absent: false) ?? false;
            var frame = new SpecialTokenFrame(null, null, files.Config?.Flag("trim_offsets", absent: true) ?? true, prefix);
            return new BytePairFiles(ReadMerges(files.PathOf(TokenizerFiles.MergesName), ids), prefix, frame, null);
        }

        CheckModel(files, model);
        var prefixSpace = CheckSplit(files);
        var config = files.ConfigOverJson;
        var merges = ReadMerges(files, model, ids);
        if (files.Has(TokenizerFiles.MergesName) && !merges.SequenceEqual(ReadMerges(files.PathOf(TokenizerFiles.MergesName), ids)))
        {
            throw InputException.InFile(files.PathOf(TokenizerFiles.MergesName), $"has other merges than {TokenizerFiles.JsonName}.",
                "the two are from different models; remove the one that is not this model's.");
        }

        return new BytePairFiles(
            merges,
            config?.OptionalFlag("add_prefix_space") ?? prefixSpace,
            files.Frame! with // tokenizer.json is there
            {
                TrimOffsets = config?.OptionalFlag("trim_offsets") ?? files.Frame!.TrimOffsets,
                AddsPrefixSpace = config?.OptionalFlag("add_prefix_space") ?? files.Frame!.AddsPrefixSpace,
            },
            model.Text("unk_token") is { } unknown ? Unknown(files, ids, unknown) : null)
        {
            FusesUnknown = model.Flag("fuse_unk", absent: false),
            IgnoresMerges = model.Flag("ignore_merges", absent: false),
        };
    }

    private static int Unknown(TokenizerFiles files, Dictionary<string, int> ids, string text) => ids.TryGetValue(text, out var id) ? id
        : throw InputException.InFile(files.JsonPath, $"'model.unk_token' is '{text}', which is not in the vocabulary.");

    private static List<(string Text, int Id)> ReadVocabulary(string path) =>
        VocabularyFile.ReadObject(path, "the vocabulary", JsonFields.Load(path, VocabularyFile.LargestFile).Entries());

    private static void CheckModel(TokenizerFiles files, JsonFields model)
    {
        if (model.Find("dropout") is { } dropout && !(dropout.ValueKind == JsonValueKind.Number && dropout.TryGetDouble(out var rate) && rate == 0))
        {
            throw model.Wrong("dropout", dropout, "null or 0");
        }

        foreach (var key in new[] { "continuing_subword_prefix", "end_of_word_suffix" })
        {
            if (model.Text(key) is { Length: > 0 } affix)
            {
                throw InputException.InFile(files.JsonPath, $"'model.{key}' is '{affix}', which is not supported for byte pairs.");
            }
        }

        if (model.Flag("byte_fallback", absent: false))
        {
            throw InputException.InFile(files.JsonPath,
                "'model.byte_fallback' is true, which is not supported: supported are byte pairs (ByteLevel).");
        }
    }

    /// <summary>The splitter must be GPT-2's; true where it adds a blank before a text.</summary>
    private static bool CheckSplit(TokenizerFiles files)
    {
        if (files.Json!.Find("normalizer") is { } normalizer) // tokenizer.json is there
        {
            throw files.Json.Wrong("normalizer", normalizer, "null for byte pairs");
        }

        files.CheckKind("pre_tokenizer", "ByteLevel");
        var split = files.Part("pre_tokenizer")!; // its kind was checked
        return split.Flag("use_regex", absent: true) ? split.Flag("add_prefix_space", absent: true)
            : throw InputException.InFile(files.JsonPath, "'pre_tokenizer.use_regex' is false, which is not supported: words would not be split.");
    }

    private static List<(int Left, int Right, int Result)> ReadMerges(TokenizerFiles files, JsonFields model, Dictionary<string, int> ids)
    {
        var merges = new List<(int Left, int Right, int Result)>();
        var list = model.Find("merges") is { ValueKind: JsonValueKind.Array } found ? found
            : throw InputException.InFile(files.JsonPath, "'model' has no 'merges', expected a list.");
        foreach (var merge in list.EnumerateArray())
        {
            var number = merges.Count + 1;
            if (merge.ValueKind == JsonValueKind.String)
            {
                merges.Add(Merge(files.JsonPath, number, model.TextOf(merge, "merges"), ids));
            }
            else if (merge.ValueKind == JsonValueKind.Array && merge.GetArrayLength() == 2 && merge.EnumerateArray()
                .All(side => side.ValueKind == JsonValueKind.String))
            {
                merges.Add(Merge(files.JsonPath, number, model.TextOf(merge[0], "merges"), model.TextOf(merge[1], "merges"), ids));
            }
            else
            {
                throw InputException.InFile(files.JsonPath,
                    $"merge {number} is {JsonFields.Describe(merge)}, expected two entries of the vocabulary.");
            }
        }

        return merges;
    }

    private static List<(int Left, int Right, int Result)> ReadMerges(string path, Dictionary<string, int> ids)
    {
        if (!File.Exists(path))
        {
            throw InputException.InFile(path, "no such file.",
                $"{TokenizerFiles.PairVocabularyName} has the words, {TokenizerFiles.MergesName} how they are put together.");
        }

        var merges = new List<(int Left, int Right, int Result)>();
        foreach (var line in VocabularyFile.Lines(path))
        {
            if (!line.StartsWith("#version", StringComparison.Ordinal))
            {
                merges.Add(Merge(path, merges.Count + 1, line, ids));
            }
        }

        return merges;
    }

    private static (int Left, int Right, int Result) Merge(string path, int number, string line, Dictionary<string, int> ids)
    {
        var blank = line.IndexOf(' ', StringComparison.Ordinal);
        return blank > 0 && line.IndexOf(' ', blank + 1) < 0 ? Merge(path, number, line[..blank], line[(blank + 1)..], ids)
            : throw InputException.InFile(path,
                $"merge {number} is '{line}', expected two entries of the vocabulary with a blank between.");
    }

    private static (int Left, int Right, int Result) Merge(string path, int number, string left, string right, Dictionary<string, int> ids)
    {
        foreach (var piece in new[] { left, right, left + right })
        {
            if (!ids.ContainsKey(piece))
            {
                throw InputException.InFile(path,
                    $"merge {number}, '{left} {right}', needs '{piece}', "
                    + "which is not in the vocabulary.", "vocabulary and merges are from different models.");
            }
        }

        return (ids[left], ids[right], ids[left + right]);
    }
}
