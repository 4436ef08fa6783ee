using System.Globalization;
using LoraOnnx.Graph;
using LoraOnnx.Inference.Variants;
using LoraOnnx.Model;
using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Reference;
using LoraOnnx.Model.Tokenization;
using Microsoft.ML.OnnxRuntime;

namespace LoraOnnx.Inference;

/// <summary>A session, and which graph it runs (<see cref="ServedForm"/>).</summary>
internal readonly record struct OpenedModel(ITokenModel Model, string Form);

/// <summary>
/// Chooses how a file runs: packed where its graph provably is the one that the packed graph computes, or gave the same logits on reference texts;
/// padded, as it is, otherwise. Never another graph than the file's.
/// </summary>
internal sealed class TokenModels(string file, OnnxModel onnx, ModelConfig config, TextTokenizer tokenizer, InferenceOptions options)
{
    /// <summary>Of a logit, and of one as large as the largest: well above the rounding between two orders of the same sums, far below what another
    /// graph gives.</summary>
    private const double SameGraph = 2e-5;

    /// <summary>Every fourth of the reference texts: 2 tokens to hundreds.</summary>
    private const int TextStep = 4;

    private readonly Precision? _own = onnx.PrecisionFor(config);

    /// <summary>Opens the file in the precision asked for, or as it is.</summary>
    /// <exception cref="InputException">The file cannot be loaded or has no such precision in it, or the device cannot be had.</exception>
    public OpenedModel Open(Precision? wanted)
    {
        var precision = wanted ?? _own ?? Precision.Fp32;
        if (_own is { } from ? !PrecisionName.CanMake(precision, from) : precision != Precision.Fp32)
        {
            throw CannotMake(precision, _own is { } held ? $"{EnumNames.Of(held)} weights" : "weights under foreign names");
        }

        if (RuntimeDevice.Resolve(options) == ComputeDevice.Cuda)
        {
            try
            {
                return _own is null || _own == precision ? Padded() : OnCuda(precision);
            }
            catch (InputException failure) when (options.Device is null)
            {
                options.Log?.Invoke($"no usable CUDA device, running on the CPU: {failure.Message}");
                return new TokenModels(file, onnx, config, tokenizer, options with { Device = ComputeDevice.Cpu }).Open(wanted);
            }
        }

        if (Form() is not { } form)
        {
            return precision == (_own ?? Precision.Fp32) ? Padded() : throw CannotMake(precision, "another graph than lora-merge writes");
        }

        // Below nothing is null: Form has shown that the weights are known by name.
        var kernels = CpuPrecision.Of(precision).KernelsFor(options);
        if (options.TakesAdapters)
        {
            var variants = onnx.ToVariantModel(config, precision, kernels is not null)!;
            return new OpenedModel(VariantTokenModel.Open(variants, config, kernels, options), form);
        }

        if (kernels is not null)
        {
            return new OpenedModel(KernelTokenModel.Open(onnx.ToKernelModel(config, precision)!, config, kernels, options), form);
        }

        var serving = onnx.ToServingModel(config, PrecisionName.OnCpu(precision))!;
        return new OpenedModel(PackedModel.Open(serving, config.Layout.Embeddings, options), form);
    }

    private OpenedModel OnCuda(Precision precision) => Form() is null ? throw CannotMake(precision, "another graph than lora-merge writes")
        // not null: the weights are known
        : new OpenedModel(PortableModel.Open(onnx.ToPortableModel(config, precision)!, onnx.Interface, file, options), ServedForm.Padded);

    private OpenedModel Padded() => new(PortableModel.Open(onnx, file, options), ServedForm.Padded);

    /// <summary>Whether graphs made of the file's weights may stand for the file, and by what right; null where they may not, which is
    /// logged.</summary>
    private string? Form()
    {
        if (onnx.WhyNotGraphOf(config) is not { } reason)
        {
            return ServedForm.Packed;
        }

        // Rounding in fewer bits moves logits as far as another graph does: only fp32 can be compared.
        if (_own != Precision.Fp32)
        {
            options.Log?.Invoke($"{file}: {reason}, so it is served as it is, in padded batches.");
            return null;
        }

        // not null: the weights are known
        using var packed = PackedModel.Open(
            onnx.ToServingModel(config, Precision.Fp32)!, config.Layout.Embeddings, options with { Device = ComputeDevice.Cpu });
        using var portable = PortableModel.Open(onnx, file, options with { Device = ComputeDevice.Cpu });
        try
        {
            var isSame = IsSame(packed, portable, out var largest);
            options.Log?.Invoke(string.Create(CultureInfo.InvariantCulture,
                $"{file}: {reason}; {(isSame ? "the packed graph gave its logits" : "it is not what the packed graph computes")} (largest difference "
                    + $"{largest:G2}), so it is served {(isSame ? "packed" : "as it is, in padded batches")}."));
            return isSame ? ServedForm.Compared : null;
        }
        catch (OnnxRuntimeException)
        {
            options.Log?.Invoke($"{file}: {reason}; one of both does not run every text, so it is served as it is, in padded batches.");
            return null;
        }
    }

    private bool IsSame(ITokenModel packed, PortableModel portable, out double largest)
    {
        largest = 0;
        var isSame = true;
        var tokens = Math.Min(config.MaxTokens, portable.MaxTokens ?? int.MaxValue);
        foreach (var text in ReferenceTexts.All.Where((_, index) => index % TextStep == 0))
        {
            var ids = tokenizer.Encode(text, tokens, Truncation.Head).Ids;
            if (Array.Exists(ids, id => id >= config.Shape.Vocabulary))
            {
                continue; // said when the model starts
            }

            var ours = packed.RunAlone(ids, WidthGroups.Width(ids.Length, config.MaxTokens));
            var theirs = portable.Run([ids], CancellationToken.None)[0];
            // NaN wins
            var difference = ours.Length == theirs.Length ? ours.Zip(theirs, (a, b) => Math.Abs((double)a - b)).Aggregate(0.0, Math.Max) : double.NaN;
            isSame &= difference <= SameGraph * (1 + theirs.Select(Math.Abs).Max());
            largest = Math.Max(largest, difference);
        }

        return isSame;
    }

    private InputException CannotMake(Precision precision, string holds) =>
        InputException.InFile(file, $"holds {holds}, {EnumNames.Of(precision)} cannot be made of them.",
        "use the fp32 file that lora-merge wrote, or --precision auto.");
}
