using System.Globalization;
using LoraOnnx.Graph;
using LoraOnnx.Inference;
using LoraOnnx.Model;

namespace LoraOnnx.Merge.Layouts;

/// <summary>What Triton's ONNX Runtime backend wants beside the files of a merge.</summary>
internal static class TritonLayout
{
    private const string Labels = "labels.txt";

    /// <summary>The largest batch that Triton may put together of requests of one length.</summary>
    private const int LargestBatch = 64;

    /// <summary>Writes config.pbtxt and the names of the classes, which Triton's classification extension gives out.</summary>
    public static void Complete(string folder, string model, string name, Precision precision, ClassificationTask task)
    {
        AtomicFile.WriteText(Path.Combine(folder, Labels), string.Concat(task.Labels.Select(label => label.ReplaceLineEndings(" ") + "\n")));
        AtomicFile.WriteText(Path.Combine(folder, "config.pbtxt"), string.Create(CultureInfo.InvariantCulture, $$"""
            name: "{{name}}"
            backend: "onnxruntime"
            default_model_filename: "{{Path.GetFileName(ModelFiles.InPrecision(model, precision))}}"
            max_batch_size: {{LargestBatch}}
            input [
              {
                name: "input_ids"
                data_type: TYPE_INT64
                dims: [ -1 ]
              },
              {
                name: "attention_mask"
                data_type: TYPE_INT64
                dims: [ -1 ]
              }
            ]
            output [
              {
                name: "logits"
                data_type: TYPE_FP32
                dims: [ {{task.Labels.Count}} ]
                label_filename: "{{Labels}}"
              }
            ]
            dynamic_batching { }

            """));
    }
}
