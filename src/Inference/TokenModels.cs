using LoraOnnx.Graph;
using LoraOnnx.Model.Configuration;

namespace LoraOnnx.Inference;

/// <summary>Chooses how a file runs: packed where its weights are known by name, padded otherwise.</summary>
internal static class TokenModels
{
    /// <summary>Far above the rounding between two orders of the same sums, far below what another graph gives.</summary>
    private const double SameGraph = 1e-3;

    /// <summary>Opens a file in the precision asked for, or as it is.</summary>
    /// <exception cref="InputException">The file cannot be loaded or has no such precision in it, or the device cannot be had.</exception>
    public static ITokenModel Open(string file, OnnxModel onnx, ModelConfig config, InferenceOptions options, Precision? wanted)
    {
        var own = onnx.PrecisionFor(config);
        var precision = wanted ?? own ?? Precision.Fp32;
        if (own is { } from ? !PrecisionName.CanMake(precision, from) : precision != Precision.Fp32)
        {
            throw InputException.InFile(file, $"holds {(own is { } held ? $"{EnumNames.Of(held)} weights" : "weights under foreign names")}, {EnumNames.Of(precision)} cannot be made of them.",
                "use the fp32 file that lora-merge wrote, or --precision auto.");
        }

        if (RuntimeDevice.Resolve(options) == RuntimeDevice.Cuda)
        {
            try
            {
                return own is null || own == precision ? PortableModel.Open(file, options)
                    : PortableModel.Open(onnx.ToPortableModel(config, precision)!, file, options); // not null: the weights are known
            }
            catch (InputException failure) when (options.Device == "auto")
            {
                options.Log?.Invoke($"no usable CUDA device, running on the CPU: {failure.Message}");
                options = options with { Device = RuntimeDevice.Cpu };
            }
        }

        // A CPU computes fp16 in fp32 with casts in between: the packed graph takes the same weights in fp32.
        if (onnx.ToServingModel(config, precision == Precision.Fp16 ? Precision.Fp32 : precision) is not { } serving)
        {
            options.Log?.Invoke($"{file}: its initializers are not the checkpoint's tensors, so it is served as it is, in padded batches.");
            return PortableModel.Open(file, options);
        }

        var packed = PackedModel.Open(serving, config.Layout.Embeddings, options);
        if (onnx.IsOurs)
        {
            return packed;
        }

        var portable = PortableModel.Open(file, options);
        if (Differ(packed, portable, config))
        {
            packed.Dispose();
            options.Log?.Invoke($"{file}: its graph is not the one that its weights imply, so it is served as it is, in padded batches.");
            return portable;
        }

        portable.Dispose();
        return packed;
    }

    private static bool Differ(PackedModel packed, PortableModel portable, ModelConfig config)
    {
        int[] lengths = [2, Math.Min(9, config.MaxTokens), Math.Min(40, config.MaxTokens)];
        int[][] batch = [.. lengths.Select(length => Enumerable.Range(0, length).Select(i => ((i + length) * 37) % config.Shape.Vocabulary).ToArray())];
        var width = lengths[^1];
        var ours = packed.Run(batch, width, CancellationToken.None);
        var theirs = portable.Run(batch, CancellationToken.None);
        return ours.Zip(theirs).Any(pair => pair.First.Length != pair.Second.Length || pair.First.Zip(pair.Second).Any(logit => !(Math.Abs(logit.First - logit.Second) < SameGraph)));
    }
}
