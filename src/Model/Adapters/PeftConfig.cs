using System.Text.Json;
using LoraOnnx.Model.Adapters.Kinds;

namespace LoraOnnx.Model.Adapters;

/// <summary>Which biases of the base an adapter brings along (<c>bias</c>).</summary>
internal enum PeftBias
{
    None,
    All,
    LoraOnly,
}

/// <summary>adapter_config.json of a LoRA adapter, with peft's defaults for absent keys. Only what decides the maths is kept.</summary>
internal sealed record PeftConfig
{
    public const string FileName = "adapter_config.json";

    /// <summary>peft's largest sensible numbers are far below; the bound keeps products of shapes within 32 bits.</summary>
    private const int LargestRank = 1 << 20;

    /// <summary>Heads that peft adds to <c>modules_to_save</c> for classification tasks.</summary>
    private static readonly string[] _classifierNames = ["classifier", "score"];

    /// <summary>The file, for messages.</summary>
    public required string Path { get; init; }

    /// <summary>The kind of all modules.</summary>
    public required ILinearAdapter Kind { get; init; }

    public required int Rank { get; init; }

    public required double Alpha { get; init; }

    public bool UseRsLora { get; init; }

    public bool LoraBias { get; init; }

    public PeftBias Bias { get; init; }

    /// <summary>Module names or suffixes; null when <see cref="TargetPattern"/> says it.</summary>
    public IReadOnlyList<string>? TargetModules { get; init; }

    /// <summary>A regular expression for whole module names, or <c>all-linear</c>; null when <see cref="TargetModules"/> says it.</summary>
    public string? TargetPattern { get; init; }

    public IReadOnlyList<string> ExcludeModules { get; init; } = [];

    public string? ExcludePattern { get; init; }

    /// <summary>Layers that targets are limited to; null for all.</summary>
    public IReadOnlyList<int>? LayersToTransform { get; init; }

    /// <summary>Names of the module list that holds the layers; empty for any.</summary>
    public IReadOnlyList<string> LayersPattern { get; init; } = [];

    /// <summary>Patterns with their ranks, in file order: the first that matches counts.</summary>
    public IReadOnlyList<(string Pattern, int Rank)> RankPattern { get; init; } = [];

    public IReadOnlyList<(string Pattern, double Alpha)> AlphaPattern { get; init; } = [];

    /// <summary>Ends of the names of modules that are saved whole, with those that the task adds.</summary>
    public IReadOnlyList<string> ModulesToSave { get; init; } = [];

    /// <summary>True for a classification task, whose head <c>all-linear</c> leaves out.</summary>
    public bool IsClassification { get; init; }

    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>A model of 48 layers has 288 linears.</summary>
    private const int MostPatterns = 1000;

    /// <exception cref="InputException">The file is missing or malformed, or sets a key that changes the maths and is not supported.</exception>
    public static PeftConfig Load(string path)
    {
        if (!File.Exists(path))
        {
            throw InputException.InFile(path, "no such file.",
                "an adapter is a directory with adapter_config.json and adapter_model.safetensors, as peft saves it.");
        }

        return Read(path, JsonFields.Load(path));
    }

    /// <summary>Reads a configuration from bytes; <paramref name="path"/> is used in messages only.</summary>
    public static PeftConfig Parse(string path, ReadOnlyMemory<byte> utf8) => Read(path, JsonFields.Parse(path, utf8));

    private static PeftConfig Read(string path, JsonFields fields)
    {
        if (LinearAdapters.All.FirstOrDefault(candidate => candidate.IsIn(fields)) is not { } kind)
        {
            throw InputException.InFile(path, $"'peft_type' is {(fields.Text("peft_type") is { } type ? $"'{type}'" : "missing")}, expected 'LORA'.",
                "only LoRA adapters can be merged.");
        }

        CheckCounts(path, fields);
        var warnings = PeftConfigKeys.Check(path, fields);
        var isClassification = fields.Text("task_type") is "SEQ_CLS" or "TOKEN_CLS";
        var saved = fields.Texts("modules_to_save") ?? [];
        var (targets, targetPattern) = ReadSelector(fields, "target_modules");
        var (excluded, excludePattern) = ReadSelector(fields, "exclude_modules");
        var config = new PeftConfig
        {
            Path = path,
            Kind = kind,
            Rank = fields.Integer("r", 8, 1, LargestRank),
            Alpha = fields.Number("lora_alpha", 8, -1e9, 1e9),
            UseRsLora = fields.Flag("use_rslora", false),
            LoraBias = fields.Flag("lora_bias", false),
            Bias = fields.Text("bias") switch
            {
                null or "none" => PeftBias.None,
                "all" => PeftBias.All,
                "lora_only" => PeftBias.LoraOnly,
                var other => throw InputException.InFile(path, $"'bias' is '{other}', expected 'none', 'all' or 'lora_only'."),
            },
            TargetModules = targets,
            TargetPattern = targetPattern,
            ExcludeModules = excluded ?? [],
            ExcludePattern = excludePattern,
            LayersToTransform = fields.Integers("layers_to_transform"),
            LayersPattern = ReadSelector(fields, "layers_pattern") is var (names, pattern) && pattern is null
                ? names ?? []
                : pattern.Length > 0 ? [pattern] : [],
            RankPattern = [.. fields.Entries("rank_pattern")
                .Select(entry => (entry.Name, JsonFields.Integer(path, $"rank_pattern: {entry.Name}", entry.Value, 1, LargestRank)))],
            AlphaPattern = [.. fields.Entries("alpha_pattern")
                .Select(entry => (entry.Name, JsonFields.Number(path, $"alpha_pattern: {entry.Name}", entry.Value, -1e9, 1e9)))],
            ModulesToSave = isClassification ? [.. saved.Union(_classifierNames)] : saved,
            IsClassification = isClassification,
            Warnings = warnings,
        };
        config.CheckCombinations(fields);
        return config;
    }

    /// <summary>Each pattern is compiled, and tried on each module.</summary>
    private static void CheckCounts(string path, JsonFields fields)
    {
        foreach (var key in new[] { "target_modules", "exclude_modules", "layers_pattern", "layers_to_transform", "modules_to_save", "rank_pattern",
            "alpha_pattern" })
        {
            var count = fields.Find(key) switch
            {
                { ValueKind: JsonValueKind.Array } list => list.GetArrayLength(),
                { ValueKind: JsonValueKind.Object } entries => entries.GetPropertyCount(),
                _ => 0,
            };
            if (count > MostPatterns)
            {
                throw InputException.InFile(path, $"'{key}' has {count} entries, expected at most {MostPatterns}.");
            }
        }
    }

    private static (IReadOnlyList<string>? Names, string? Pattern) ReadSelector(JsonFields fields, string key) =>
        fields.Find(key) is { ValueKind: JsonValueKind.String } ? (null, fields.Text(key)) : (fields.Texts(key), null);

    /// <summary>The combinations that peft refuses.</summary>
    private void CheckCombinations(JsonFields fields)
    {
        if (TargetModules is not { Count: > 0 } && string.IsNullOrEmpty(TargetPattern))
        {
            throw InputException.InFile(Path, "'target_modules' is missing or empty, expected module names such as [\"query\", \"value\"].",
                "peft writes the modules that it adapted.");
        }

        if (TargetPattern is not null && (fields.Find("layers_to_transform") is not null || fields.Find("layers_pattern") is not null))
        {
            throw InputException.InFile(Path,
                $"'target_modules' is the pattern '{TargetPattern}', with which 'layers_to_transform' and 'layers_pattern' cannot be used.");
        }

        if (LayersPattern.Count > 0 && LayersToTransform is null)
        {
            throw InputException.InFile(Path, "'layers_pattern' is set and 'layers_to_transform' is not; they go together.");
        }
    }
}
