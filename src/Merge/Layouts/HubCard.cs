using System.Globalization;
using System.Text;
using System.Text.Json;
using LoraOnnx.Graph;
using LoraOnnx.Inference;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Runs;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Merge.Layouts;

/// <summary>README.md of a hub repository: the metadata that the hub reads, and what a person wants to know.</summary>
internal static class HubCard
{
    public static string Of(MergeInput input, ProofResult? proof, GateReport? gate)
    {
        var metadata = input.Metadata;
        var record = input.Run?.Record;
        var measured = record is null ? null : MeasuredFigures.Of(record);
        var text = new StringBuilder(
            "---\npipeline_tag: text-classification\nlibrary_name: transformers.js\ntags: [onnx, text-classification, lora-onnx]\n");
        if (HubId(record?.Model ?? metadata[OnnxMetadata.BaseModel]) is { } @base)
        {
            text.Append(CultureInfo.InvariantCulture, $"base_model: {Quote(@base)}\n");
        }

        AppendIndex(text, input, measured);
        text.Append(CultureInfo.InvariantCulture, $"---\n\n# {Name(input)}\n\n{Describe(input)}\n\n");
        AppendFigures(text, measured, gate);
        AppendFiles(text, input, proof, gate);
        AppendUse(text, input, gate is null ? "fp32" : "q8");
        return text.ToString();
    }

    /// <summary>The last part of the run's or base's name.</summary>
    public static string Name(MergeInput input) => ModelName.Of(input.Run?.Path ?? input.Metadata[OnnxMetadata.BaseModel]) is var name
        && name.Contains('/', StringComparison.Ordinal) ? name[(name.LastIndexOf('/') + 1)..] : name;

    private static string Describe(MergeInput input)
    {
        var metadata = input.Metadata;
        var labels = input.Weights.Config.Task.Labels;
        var method = EnumNames.Parse<TrainingMethod>(metadata[OnnxMetadata.Method]) switch
        {
            TrainingMethod.Head => "with a trained head",
            TrainingMethod.Lora => "with a LoRA adapter folded into its weights",
            TrainingMethod.LoraAndHead => "with a LoRA adapter folded into its weights and a trained head",
            _ => "as it is",
        };
        var kind = input.Weights.Config.Task.IsMultiLabel ? "labels, of which any may hold" : "classes";
        return Wrapped($"{VisibleText.Of(metadata[OnnxMetadata.BaseModel])} {method}, as ONNX. {labels.Count} {kind}: "
            + $"{string.Join(", ", labels.Select(label => VisibleText.Of(label)))}. {Cut(input)}");
    }

    private static string Cut(MergeInput input) => string.Create(CultureInfo.InvariantCulture,
        $"Texts are read up to {input.MaxTokens:N0} tokens")
        + (input.Truncation == Truncation.Head ? "." : $"; it was trained with the {EnumNames.Of(input.Truncation)} of longer ones, the libraries "
        + "below keep the head: cut longer texts yourself.");

    private static void AppendFigures(StringBuilder text, MeasuredFigures? measured, GateReport? gate)
    {
        if (measured is null)
        {
            if (gate is not null && gate.Sample != AccuracyGate.Embedded)
            {
                text.Append(CultureInfo.InvariantCulture,
                    $"## Figures\n\nF1 {gate.F1Exact:P1} in fp32 and {gate.F1:P1} in int8, "
                    + $"on {gate.Texts:N0} texts of {VisibleText.Of(gate.Sample)}.\n\n");
            }

            return;
        }

        text.Append(CultureInfo.InvariantCulture, $"""
            ## Figures

            On the {VisibleText.Of(measured.Texts)}, in fp32:

            {measured.Table()}

            """);
    }

    private static void AppendFiles(StringBuilder text, MergeInput input, ProofResult? proof, GateReport? gate)
    {
        var shown = proof is { } result
            ? string.Create(CultureInfo.InvariantCulture,
                $"equal to the unmerged model on {result.Texts} texts: logits differ by at most {result.LargestDifference:G3}")
            : "nothing was shown (--no-verify)";
        var rounded = gate is null ? "" : $"""
            | `onnx/model_int8.onnx` | `int8` | {VisibleText.Of(gate.ToString())} |
            | `onnx/model_quantized.onnx` | `q8` | the same file again |

            """;
        text.Append(CultureInfo.InvariantCulture, $"""
            ## Files

            | file | `dtype` | what was shown |
            |---|---|---|
            | `onnx/model.onnx` | `fp32` | {shown} |
            {rounded}
            Written by lora-merge {input.Metadata[OnnxMetadata.Tool]}; each ONNX file says in its metadata what it was made of.


            """);
    }

    private static void AppendUse(StringBuilder text, MergeInput input, string type)
    {
        var all = input.Weights.Config.Task.IsMultiLabel ? ", { top_k: null }" : "";
        text.Append($"""
            ## Use

            ```js
            import {"{ pipeline }"} from '@huggingface/transformers';
            const classify = await pipeline('text-classification', '{Name(input)}', {"{"} dtype: '{type}' {"}"});
            console.log(await classify('A slow start, but the last act is wonderful.'{all}));
            ```

            ```python
            from optimum.onnxruntime import ORTModelForSequenceClassification
            model = ORTModelForSequenceClassification.from_pretrained('{Name(input)}', subfolder='onnx', file_name='model.onnx')
            ```

            ```
            lora-serve --model {Name(input)}
            ```

            """);
    }

    private static void AppendIndex(StringBuilder text, MergeInput input, MeasuredFigures? measured)
    {
        if (measured is not { Kept: var figures, Data: var data })
        {
            return;
        }

        var dataset = ModelName.Of(data.Source);
        text.Append(CultureInfo.InvariantCulture, $"""
            model-index:
            - name: {Quote(Name(input))}
              results:
              - task: {"{ type: text-classification }"}
                dataset: {"{ "}name: {Quote(dataset)}, type: {Quote(dataset)}, split: {data.Role}{" }"}
                metrics:
                - {"{ "}type: f1, value: {figures.F1:F4}{" }"}
                - {"{ "}type: accuracy, value: {figures.Accuracy:F4}{" }"}
                - {"{ "}type: precision, value: {figures.Precision:F4}{" }"}
                - {"{ "}type: recall, value: {figures.Recall:F4}{" }"}

            """);
    }

    /// <summary>The hub takes no other name of a base.</summary>
    private static string? HubId(string model) => ModelName.IsHubId(model) ? model : null;

    /// <summary>A JSON string is a YAML string.</summary>
    private static string Quote(string text) => JsonSerializer.Serialize(text);

    private static string Wrapped(string paragraph)
    {
        var (text, column) = (new StringBuilder(), 0);
        foreach (var word in paragraph.Split(' '))
        {
            column = column + 1 + word.Length > 100 ? word.Length : column + 1 + word.Length;
            text.Append(column == word.Length ? "\n" : " ").Append(word);
        }

        return text.ToString().Trim();
    }
}
