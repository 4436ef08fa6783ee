using System.Globalization;
using System.Text;
using System.Text.Json;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Runs;

namespace LoraOnnx.Training.Recording;

/// <summary>README.md of adapter/ and head/: what the hub and a server read of it, and what a person wants to know.</summary>
internal static class RunCard
{
    public const string FileName = "README.md";

    /// <summary>The card of an adapter, or of a head alone.</summary>
    public static string Of(RunRecord record, string baseName, bool isAdapter)
    {
        var text = new StringBuilder("---\n");
        if (ModelName.IsHubId(baseName))
        {
            text.Append(CultureInfo.InvariantCulture, $"base_model: {JsonSerializer.Serialize(baseName)}\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"base_model_sha256: {record.ModelHash}\npipeline_tag: text-classification\n");
        text.Append(isAdapter ? "library_name: peft\ntags: [lora, text-classification, lora-onnx]\n" : "tags: [text-classification, lora-onnx]\n");
        var labels = string.Join(", ", (record.Labels ?? []).Select(label => VisibleText.Of(label)));
        text.Append(CultureInfo.InvariantCulture, $"---\n\n# {(isAdapter ? "Adapter" : "Classification head")} for {VisibleText.Of(baseName)}\n\n")
            .Append(CultureInfo.InvariantCulture, $"Trained with lora-train {record.ToolVersion}: method {record.Method}")
            .Append(record.Rank is { } rank && isAdapter ? string.Create(CultureInfo.InvariantCulture, $", rank {rank}, alpha {record.Alpha}") : "")
            .Append(CultureInfo.InvariantCulture, $", texts up to {record.MaxLength:N0} tokens.\nClasses: {labels}.\n\n");
        AppendFigures(text, record);
        return text.Append(isAdapter
            ? "```python\nmodel = peft.PeftModel.from_pretrained(base, '.')\n```\n\n```\nlora-merge --model BASE --adapter . --out model.onnx\n```\n"
            : "```\nlora-merge --model BASE --head . --out model.onnx\n```\n").ToString();
    }

    private static void AppendFigures(StringBuilder text, RunRecord record)
    {
        foreach (var (role, raw, figures) in new[]
        {
            ("test", record.RawTest, record.Test), ("validation", record.Raw, record.Validation ?? record.Best),
        })
        {
            if (figures is null || record.Data.FirstOrDefault(set => set.Role == role) is not { } data)
            {
                continue;
            }

            text.Append(CultureInfo.InvariantCulture,
                $"On the {data.Texts:N0} {role} texts of {VisibleText.Of(ModelName.Of(data.Source))}:\n\n")
                .Append("| | F1 | accuracy | macro F1 | precision | recall |\n|---|---|---|---|---|---|\n");
            Row("the base", raw);
            Row("trained", figures);
            text.Append('\n');
            return;
        }

        void Row(string name, RunMetrics? metrics)
        {
            if (metrics is not null)
            {
                text.Append(CultureInfo.InvariantCulture, $"| {name} | {metrics.F1:P1} | {metrics.Accuracy:P1} | {metrics.MacroF1:P1} | ")
                    .Append(CultureInfo.InvariantCulture, $"{metrics.Precision:P1} | {metrics.Recall:P1} |\n");
            }
        }
    }
}
