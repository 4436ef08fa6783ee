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
        if (MeasuredFigures.Of(record) is { } measured)
        {
            text.Append(CultureInfo.InvariantCulture, $"On the {VisibleText.Of(measured.Texts)}:\n\n{measured.Table()}\n");
        }

        return text.Append(isAdapter
            ? "```python\nmodel = peft.PeftModel.from_pretrained(base, '.')\n```\n\n```\nlora-merge --model BASE --adapter . --out model.onnx\n```\n"
            : "```\nlora-merge --model BASE --head . --out model.onnx\n```\n").ToString();
    }
}
