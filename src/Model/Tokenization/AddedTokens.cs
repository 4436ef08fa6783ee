using System.Globalization;
using System.Text.Json;

namespace LoraOnnx.Model.Tokenization;

/// <summary>The tokens that are found in the text before anything else: special tokens and what was added to the vocabulary.</summary>
/// <remarks>Ids must not contradict one another: a file of another model beside the right one would otherwise change ids in silence.</remarks>
internal sealed class AddedTokens(TokenizerKind kind, string vocabularyPath, IReadOnlyDictionary<string, int> vocabulary)
{
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly Dictionary<string, AddedTokenRules> _rules = new(StringComparer.Ordinal);
    private readonly HashSet<string> _normalized = new(StringComparer.Ordinal);
    private readonly HashSet<string> _described = new(StringComparer.Ordinal);
    private Dictionary<int, string>? _texts;

    public IReadOnlyDictionary<string, int> Ids => _ids;

    /// <summary>Rules of the tokens that have any.</summary>
    public IReadOnlyDictionary<string, AddedTokenRules> Rules => _rules;

    /// <summary>Tokens that are found in the text as it was given.</summary>
    public IEnumerable<(string Text, int Id, AddedTokenRules Rules)> Raw => All.Where(token => !_normalized.Contains(token.Text));

    /// <summary>Tokens that are found, after the others, in the normalized text.</summary>
    public IEnumerable<(string Text, int Id, AddedTokenRules Rules)> Normalized => All.Where(token => _normalized.Contains(token.Text));

    private IEnumerable<(string Text, int Id, AddedTokenRules Rules)> All =>
        _ids.Select(token => (token.Key, token.Value, _rules.GetValueOrDefault(token.Key)));

    /// <summary>Adds a special token where the vocabulary has it; true where it does or it was added before.</summary>
    public bool TryAddKnown(string text, AddedTokenRules rules = AddedTokenRules.None)
    {
        if (vocabulary.TryGetValue(text, out var id))
        {
            _ids[text] = id;
        }

        if (rules != AddedTokenRules.None && !_described.Contains(text))
        {
            _rules[text] = rules;
        }

        return _ids.ContainsKey(text);
    }

    /// <summary>The list <c>added_tokens</c> of tokenizer.json.</summary>
    public void AddList(string path, JsonElement list)
    {
        foreach (var token in list.EnumerateArray())
        {
            Add(path, token, fields => fields.Integer("id", -1, 0, VocabularyFile.LargestId));
        }
    }

    /// <summary>The object <c>added_tokens_decoder</c> of tokenizer_config.json, tokens by id.</summary>
    public void AddDecoder(string path, JsonFields config)
    {
        foreach (var (name, token) in config.Entries("added_tokens_decoder"))
        {
            Add(path, token, _ => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && number <= VocabularyFile.LargestId ? number : -1);
        }
    }

    /// <summary>The names in a list, or in the values of an object: <c>additional_special_tokens</c>.</summary>
    public void AddNames(string path, string key, JsonElement names)
    {
        var values = names.ValueKind switch
        {
            JsonValueKind.Array => names.EnumerateArray().ToList(),
            JsonValueKind.Object => names.EnumerateObject().Select(entry => entry.Value).ToList(),
            _ => throw JsonFields.Wrong(path, key, names, "a list of tokens"),
        };
        foreach (var value in values)
        {
            var text = SpecialTokens.Text(path, key, value);
            if (!TryAddKnown(text))
            {
                throw InputException.InFile(path, $"'{key}' has '{text}', which has no id in {Path.GetFileName(vocabularyPath)}"
                    + " or 'added_tokens_decoder'.");
            }
        }
    }

    /// <summary>
    /// The file added_tokens.json, ids by token. What it adds must be known from elsewhere: it does not say how a token is matched.
    /// </summary>
    public void CheckFile(string path, JsonFields file)
    {
        foreach (var (text, value) in file.Entries())
        {
            var id = JsonFields.Integer(path, text, value, 0, VocabularyFile.LargestId);
            if (!_ids.TryGetValue(text, out var known) || known != id)
            {
                throw InputException.InFile(path, $"adds '{text}' with the id {id}, which tokenizer_config.json and tokenizer.json "
                    + $"{(_ids.ContainsKey(text) ? $"give the id {known}" : "do not mention")}.",
                    "save the tokenizer with a current transformers: save_pretrained writes 'added_tokens_decoder'.");
            }
        }
    }

    private void Add(string path, JsonElement token, Func<JsonFields, int> idOf)
    {
        if (token.ValueKind != JsonValueKind.Object)
        {
            throw InputException.InFile(path, $"an added token is {JsonFields.Describe(token)}, expected an object.");
        }

        var fields = JsonFields.Of(path, token);
        var (text, id) = (fields.Text("content"), idOf(fields));
        if (string.IsNullOrEmpty(text) || id < 0)
        {
            throw InputException.InFile(path, $"an added token is {JsonFields.Describe(token)}, expected 'content' and 'id'.");
        }

        if (fields.Flag("normalized", absent: false))
        {
            if (kind == TokenizerKind.WordPiece)
            {
                throw InputException.InFile(path, $"the added token '{text}' has 'normalized' true, which is not supported: "
                    + "it would be found in the text without accents and capitals.", "add it in transformers as AddedToken(..., normalized=False).");
            }

            _normalized.Add(text);
        }
        else
        {
            _normalized.Remove(text);
        }

        CheckId(path, text, id);
        _ids[text] = id;
        _described.Add(text);
        _rules[text] = AddedTokenRule.Of(fields);
    }

    private void CheckId(string path, string text, int id)
    {
        if (vocabulary.TryGetValue(text, out var other) && other != id)
        {
            throw InputException.InFile(path, $"gives '{text}' the id {id}, {Path.GetFileName(vocabularyPath)} gives it {other}.",
                "the files are from different models.");
        }

        _texts ??= TextsById();
        if (_texts.TryGetValue(id, out var taken) && taken != text)
        {
            throw InputException.InFile(path, $"gives '{text}' the id {id}, which is that of '{taken}'.",
                "the files are from different models.");
        }

        _texts[id] = text;
    }

    private Dictionary<int, string> TextsById()
    {
        var texts = new Dictionary<int, string>(vocabulary.Count);
        foreach (var (text, id) in vocabulary)
        {
            texts[id] = text;
        }

        return texts;
    }
}
