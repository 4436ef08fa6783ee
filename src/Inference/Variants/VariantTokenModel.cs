using LoraOnnx.Graph;
using LoraOnnx.Inference.Operators;
using LoraOnnx.Model.Configuration;
using Microsoft.ML.OnnxRuntime;

namespace LoraOnnx.Inference.Variants;

/// <summary>A session that answers for its base and for any variants of it, in one run. Runs may be called concurrently.</summary>
internal sealed class VariantTokenModel : ITokenModel
{
    private static readonly string[] _inputs = [.. PackedInputs.All, VariantNodes.Plan];
    private static readonly string[] _baseOnly = [PackedInputs.Logits];
    private static readonly string[] _both = [PackedInputs.Logits, VariantNodes.Answers];

    private readonly InferenceSession _session;
    private readonly OperatorDomain _domain;

    private VariantTokenModel(InferenceSession session, OperatorDomain domain, VariantBase shared) =>
        (_session, _domain, Base) = (session, domain, shared);

    /// <summary>What variants are measured against.</summary>
    public VariantBase Base { get; }

    /// <summary>Opens the session; the bytes are not needed afterwards.</summary>
    public static VariantTokenModel Open(VariantModel model, ModelConfig config, InferenceOptions options)
    {
        using var settings = RuntimeDevice.CreateSettings(options with { Device = RuntimeDevice.Cpu });
        var shared = new VariantBase(config, model.Tensors);
        var domain = new OperatorDomain(settings, shared.Operators(), ThreadPlan.Threads(options.Threads));
        try
        {
            return new VariantTokenModel(OperatorDomain.OpenSession(model.Graph, settings), domain, shared);
        }
        catch
        {
            domain.Dispose();
            shared.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public float[][] Run(IReadOnlyList<int[]> batch, int width, CancellationToken cancellationToken)
    {
        using var layout = new PackedLayout(batch, width, Base.Config.Layout.Embeddings);
        return SessionRun.Logits(_session, _inputs, [.. layout.CreateValues(), Plan(0)], batch.Count, cancellationToken);
    }

    /// <summary>Runs rows in one go and puts the logits of each answer into its place.</summary>
    /// <exception cref="ObjectDisposedException">A variant is no longer loaded.</exception>
    public void Run(IReadOnlyList<VariantRow> rows, int width, float[][] answers, CancellationToken cancellationToken)
    {
        using var plan = new VariantPlan(rows);
        using var layout = new PackedLayout([.. rows.Select(row => row.Ids)], width, Base.Config.Layout.Embeddings);
        var number = Base.Plans.Add(plan);
        try
        {
            SessionRun.Outputs(_session, _inputs, [.. layout.CreateValues(), Plan(number)], plan.IsEmpty ? _baseOnly : _both,
                outputs => Read(outputs, rows, plan, answers), cancellationToken);
        }
        finally
        {
            Base.Plans.Remove(number);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _session.Dispose();
        _domain.Dispose();
        Base.Dispose();
    }

    private static OrtValue Plan(int number) => OrtValue.CreateTensorValueFromMemory(new[] { number }, [1]);

    private static void Read(IReadOnlyList<OrtValue> outputs, IReadOnlyList<VariantRow> rows, VariantPlan plan, float[][] answers)
    {
        var ofBase = outputs[0].GetTensorDataAsSpan<float>();
        var ofVariants = plan.IsEmpty ? default : outputs[1].GetTensorDataAsSpan<float>();
        var labels = ofBase.Length / rows.Count;
        var next = new Dictionary<ModelVariant, int>(plan.Begins);
        for (var row = 0; row < rows.Count; row++)
        {
            foreach (var (place, variant) in rows[row].Answers)
            {
                if (variant is null)
                {
                    answers[place] = ofBase.Slice(row * labels, labels).ToArray();
                    continue;
                }

                answers[place] = ofVariants.Slice(next[variant], variant.Head.Labels).ToArray();
                next[variant] += variant.Head.Labels;
            }
        }
    }
}
