using LoraOnnx.Graph;
using LoraOnnx.Inference.Operators;
using LoraOnnx.Kernels;
using LoraOnnx.Model;
using LoraOnnx.Model.Configuration;
using Microsoft.ML.OnnxRuntime;

namespace LoraOnnx.Inference.Variants;

/// <summary>A session that answers for its base and for any variants of it, in one run. Runs may be called concurrently.</summary>
internal sealed class VariantTokenModel : ITokenModel
{
    private static readonly string[] _inputs = [.. PackedInputs.All, VariantNodes.Plan];
    private static readonly string[] _inputsOfKernels = [.. KernelModel.Inputs, VariantNodes.Plan];
    private static readonly string[] _baseOnly = [PackedInputs.Logits];
    private static readonly string[] _both = [PackedInputs.Logits, VariantNodes.States];

    private readonly InferenceSession _session;
    private readonly OperatorDomain _domain;

    private readonly VariantHeads _heads;

    private VariantTokenModel(InferenceSession session, OperatorDomain domain, VariantBase shared, bool usesKernels, int threads) =>
        (_session, _domain, Base, MixesWidths, _heads) = (session, domain, shared, usesKernels, new VariantHeads(threads));

    /// <summary>Kernels need no padding; the nodes' attention does.</summary>
    public bool MixesWidths { get; }

    /// <summary>What variants are measured against.</summary>
    public VariantBase Base { get; }

    /// <summary>Opens the session; the bytes are not needed afterwards.</summary>
    /// <param name="model">The graph.</param>
    /// <param name="config">The model's shape.</param>
    /// <param name="kernels">What computes the blocks of a graph that was made for kernels.</param>
    /// <param name="options">Where and how it runs.</param>
    public static VariantTokenModel Open(VariantModel model, ModelConfig config, KernelSet? kernels, InferenceOptions options)
    {
        using var settings = RuntimeDevice.CreateSettings(options with { Device = ComputeDevice.Cpu });
        var shared = new VariantBase(config, model.Tensors);
        var operators = model.Kernels is { } blocks ? shared.Operators(blocks, kernels!) : shared.Operators(); // such a graph is made where they are
        var domain = new OperatorDomain(settings, operators, ThreadPlan.Threads(options.Threads));
        try
        {
            return new VariantTokenModel(
                OperatorDomain.OpenSession(model.Graph, settings), domain, shared, model.Kernels is not null, ThreadPlan.Threads(options.Threads));
        }
        catch
        {
            domain.Dispose();
            shared.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Run(
        ReadOnlySpan<ReadOnlyMemory<int>> batch, int width, TextLogits logits, ReadOnlySpan<int> places, CancellationToken cancellationToken)
    {
        using var layout = PackedLayout.Rent(batch, width, Base.Config.Layout.Embeddings);
        SessionRun.Logits(_session, Names, Values(layout, 0), logits, places, cancellationToken);
    }

    /// <summary>Logits of each text by the variant that it asks.</summary>
    /// <exception cref="ObjectDisposedException">A variant is no longer loaded.</exception>
    public float[][] Run(IReadOnlyList<VariantText> batch, CancellationToken cancellationToken)
    {
        using var held = new HeldVariants(batch);
        var rows = VariantRow.Of(batch);
        int[][] ids = [.. rows.Select(row => row.Ids)];
        var answers = new float[batch.Count][];
        var states = held.IsEmpty ? [] : new float[rows.Count * Base.Config.Shape.Width];
        foreach (var (width, texts) in MixesWidths ? WidthGroups.One(ids) : WidthGroups.Of(ids, Base.Config.MaxTokens))
        {
            Run(rows, texts, width, answers, states, cancellationToken);
        }

        _heads.Run(rows, states, Base.Config.Shape.Width, answers);
        return answers;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _session.Dispose();
        _domain.Dispose();
        Base.Dispose();
    }

    private string[] Names => MixesWidths ? _inputsOfKernels : _inputs;

    private OrtValue[] Values(PackedLayout layout, int plan) =>
        [.. MixesWidths ? layout.CreateValuesWithoutPadding() : layout.CreateValues(), OrtValue.CreateTensorValueFromMemory(new[] { plan }, [1])];

    /// <summary>Runs some of the rows together: the base's answers go to their places, and for others the rows' states.</summary>
    private void Run(
        IReadOnlyList<VariantRow> rows, int[] texts, int width, float[][] answers, float[] states, CancellationToken cancellationToken)
    {
        VariantRow[] chosen = [.. texts.Select(text => rows[text])];
        var plan = new VariantPlan(chosen);
        using var layout = PackedLayout.Rent([.. chosen.Select(row => (ReadOnlyMemory<int>)row.Ids)], width, Base.Config.Layout.Embeddings);
        var number = Base.Plans.Add(plan);
        try
        {
            SessionRun.Outputs(_session, Names, Values(layout, number), states.Length == 0 ? _baseOnly : _both, Read, cancellationToken);
        }
        finally
        {
            Base.Plans.Remove(number);
        }

        void Read(IReadOnlyList<OrtValue> outputs)
        {
            var logits = outputs[0].GetTensorDataAsSpan<float>();
            var labels = logits.Length / texts.Length;
            for (var i = 0; i < texts.Length; i++)
            {
                foreach (var (place, _) in chosen[i].Answers.Where(answer => answer.Variant is null))
                {
                    answers[place] = logits.Slice(i * labels, labels).ToArray();
                }

                if (states.Length > 0)
                {
                    var size = Base.Config.Shape.Width;
                    outputs[1].GetTensorDataAsSpan<float>().Slice(i * size, size).CopyTo(states.AsSpan(texts[i] * size));
                }
            }
        }
    }
}
