using System.Collections.Immutable;
using System.Text.Json;
using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Model.Runs;

/// <summary>What run.json says of a training run. Written by lora-train, read by lora-merge and lora-compare; keys are snake_case, unknown ones are
/// ignored. Where a key is missing the generated reader sets the property to nothing, so that defaults stand where they are read.</summary>
public sealed record RunRecord
{
    /// <summary>Which rules the run began with, and goes on with when it is resumed; runs from before there were versions have 1.</summary>
    public int Version { get => Math.Max(field, 1); init; }

    /// <summary>Version of the tool that wrote the run.</summary>
    public required string ToolVersion { get; init; }

    /// <summary><c>lora</c>, <c>head</c> or <c>lora+head</c>.</summary>
    public required string Method { get; init; }

    /// <summary>The base as given to --model: a directory (made absolute) or a hub id.</summary>
    public required string Model { get; init; }

    /// <summary>Directory in which the base was found.</summary>
    public required string ModelDirectory { get; init; }

    /// <summary>SHA-256 of the base's weights, as <see cref="Checkpoints.Checkpoint.WeightsHash"/> gives it.</summary>
    public required string ModelHash { get; init; }

    /// <summary>The seed of the head that training began with because the base had none, or null.</summary>
    public ulong? NewHeadSeed { get; init; }

    /// <summary>
    /// The classes that were trained, in the order of the logits; null: those of the base's config.json, as in runs of earlier versions.
    /// </summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary><c>single_label_classification</c> or <c>multi_label_classification</c>; null: that of the base's config.json.</summary>
    public string? ProblemType { get; init; }

    /// <summary>Rank of the adapters, or null for head-only runs.</summary>
    public int? Rank { get; init; }

    /// <summary>Alpha of the adapters, or null for head-only runs.</summary>
    public double? Alpha { get; init; }

    /// <summary>Longest input in tokens that training used.</summary>
    public required int MaxLength { get; init; }

    /// <summary>Which part of long texts was kept: <c>head</c>, <c>tail</c> or <c>head+tail</c>.</summary>
    public string Truncate { get => field ?? "head"; init; }

    /// <summary><c>fp32</c> or <c>bf16</c>.</summary>
    public required string Precision { get; init; }

    /// <summary>What computes, <c>torch</c> or <c>onnx</c>, also when the run is resumed; runs from before there was a choice have
    /// <c>torch</c>.</summary>
    public string Engine { get => field ?? "torch"; init; }

    /// <summary><c>cpu</c> or <c>cuda</c>.</summary>
    public required string Device { get; init; }

    /// <summary>Threads that computed; a bit-equal repetition needs the same number.</summary>
    public int Threads { get; init; }

    /// <summary>Number of trained parameters.</summary>
    public required long TrainedParameters { get; init; }

    /// <summary>Wall time of training, evaluation included, in seconds; resumed parts added up.</summary>
    public required double TrainingSeconds { get; init; }

    /// <summary>Wall time from the start of the program to the first step, the raw model's evaluation and a head's features aside, in seconds; of the
    /// first start.</summary>
    public double? StartUpSeconds { get; init; }

    /// <summary>When the run was first started, in UTC.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Real (not padded) tokens trained on, over all epochs; for a head on features those of its texts in every epoch, which the encoder had
    /// only once.</summary>
    public required long TrainedTokens { get; init; }

    /// <summary>Optimizer steps done.</summary>
    public int Steps { get; init; }

    /// <summary>Share of computed tokens that were padding, 0 to 1.</summary>
    public double? PaddingShare { get; init; }

    /// <summary>Largest resident size of the process in bytes.</summary>
    public long? PeakMemoryBytes { get; init; }

    /// <summary>True once training ended by itself; false in a run that was cut.</summary>
    public required bool Finished { get; init; }

    /// <summary>The training, validation and test texts.</summary>
    public IReadOnlyList<RunData> Data { get => field ?? []; init; }

    /// <summary>The raw model on the validation texts (fp32), or null without validation.</summary>
    public RunMetrics? Raw { get; init; }

    /// <summary>The evaluation whose weights are kept, in the precision of training; or null without validation.</summary>
    public RunMetrics? Best { get; init; }

    /// <summary>The most recent evaluation, in the precision of training; or null without validation.</summary>
    public RunMetrics? Last { get; init; }

    /// <summary>The kept weights on the validation texts in fp32: what lora-compare finds for the merged file.</summary>
    public RunMetrics? Validation { get; init; }

    /// <summary>The raw model on the test texts (fp32), or null without --test.</summary>
    public RunMetrics? RawTest { get; init; }

    /// <summary>The kept weights on the test texts in fp32, or null without --test.</summary>
    public RunMetrics? Test { get; init; }

    /// <summary>Of a run on the texts of all values of a column: the kept weights on those of each value (fp32); null for other runs.</summary>
    public IReadOnlyList<RunValueMetrics>? Values { get; init; }

    /// <summary>Versions of what computed: the runtime, TorchSharp, libtorch.</summary>
    public IReadOnlyDictionary<string, string> Libraries { get => field ?? ImmutableDictionary<string, string>.Empty; init; }

    /// <summary>The options of lora-train as given, as that program reads them back on --resume.</summary>
    public JsonElement? Options { get; init; }

    /// <summary>What the options came to, with every choice made; null in runs from before it was written down.</summary>
    public JsonElement? Effective { get; init; }
}

/// <summary>What a run's weights do on the texts of one value of a column.</summary>
/// <param name="Value">The value.</param>
/// <param name="Validation">Figures on its validation texts, or null where there are none.</param>
/// <param name="Test">Figures on its test texts, or null where there are none.</param>
public sealed record RunValueMetrics(string Value, RunMetrics? Validation, RunMetrics? Test);

/// <summary>A set of labelled texts of a run.</summary>
public sealed record RunData
{
    /// <summary><c>train</c>, <c>validation</c> or <c>test</c>.</summary>
    public required string Role { get; init; }

    /// <summary>The file, folder or hub id it came from.</summary>
    public required string Source { get; init; }

    /// <summary>SHA-256 over texts and labels in order.</summary>
    public required string Hash { get; init; }

    /// <summary>Number of texts.</summary>
    public required int Texts { get; init; }

    /// <summary>Tokens after cutting, special tokens included.</summary>
    public required long Tokens { get; init; }

    /// <summary>Texts of which a part was cut off.</summary>
    public required int CutTexts { get; init; }

    /// <summary>Texts of each class, by its name.</summary>
    public required IReadOnlyDictionary<string, int> Classes { get; init; }
}

/// <summary>Figures of one evaluation, from 0 to 1 except the loss.</summary>
public sealed record RunMetrics
{
    /// <summary>Optimizer steps done before it; 0 for the raw model.</summary>
    public required int Step { get; init; }

    /// <summary>Epochs done before it, with a fraction.</summary>
    public required double Epoch { get; init; }

    /// <summary>Mean loss over the texts, without label smoothing.</summary>
    public required double Loss { get; init; }

    /// <summary>F1 of the positive class with two classes, macro F1 with more, micro F1 of a multi-label model.</summary>
    public required double F1 { get; init; }

    /// <summary>Share of right predictions.</summary>
    public required double Accuracy { get; init; }

    /// <summary>Mean of the classes' F1.</summary>
    public required double MacroF1 { get; init; }

    /// <summary>Precision, of the same classes as <see cref="F1"/>.</summary>
    public required double Precision { get; init; }

    /// <summary>Recall, of the same classes as <see cref="F1"/>.</summary>
    public required double Recall { get; init; }

    /// <summary>Figures of each label of a multi-label model; null for others, and in runs of earlier versions.</summary>
    public IReadOnlyList<RunLabelMetrics>? Labels { get; init; }

    /// <summary>Texts by true class (rows) and answer; null for a multi-label model, and in runs of earlier versions.</summary>
    public IReadOnlyList<IReadOnlyList<long>>? Confusion { get; init; }

    /// <summary>Texts of a multi-label model by how many labels are right; null for others, and in runs of earlier versions.</summary>
    public IReadOnlyList<LabelSetCount>? LabelSets { get; init; }
}

/// <summary>Figures of one label of a multi-label model.</summary>
/// <param name="Name">The label.</param>
/// <param name="Texts">Texts for which it holds.</param>
/// <param name="F1">F1 of "it holds".</param>
/// <param name="Precision">Share of the answers with it that are right.</param>
/// <param name="Recall">Share of the texts with it that are found.</param>
/// <param name="Threshold">The score from which it is answered.</param>
public sealed record RunLabelMetrics(string Name, int Texts, double F1, double Precision, double Recall, double Threshold);
