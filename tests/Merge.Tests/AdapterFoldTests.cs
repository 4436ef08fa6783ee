using LoraOnnx.Graph;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Adapters.Kinds;
using LoraOnnx.Model.Encoders;
using LoraOnnx.Model.Reference;
using LoraOnnx.Model.Safetensors;

namespace LoraOnnx.Merge.Tests;

/// <summary>Sums of several adapters, against the formulas written out: what peft's <c>merge</c> does, one adapter after the other.</summary>
public sealed class AdapterFoldTests : IDisposable
{
    private const string Layer = "distilbert.transformer.layer.1.attention.v_lin";

    private readonly TinyModel _model = new();

    private float[] Base => _model.Weights[$"{Layer}.weight"].Values;

    public void Dispose() => _model.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(0.5)]
    [InlineData(-2)]
    public void Several_adapters_are_added_with_their_weights(double scale)
    {
        var (one, other) = (Adapter(1, rank: 4, scale: 2), Adapter(2, rank: 3, scale: 0.5));

        var merged = AdapterFold.Fold(_model.Weights, [(one, 0.7), (other, 0.3)], scale).Merged;

        var expected = Base.Select((value, index) => value + (scale * ((0.7 * Delta(one, index)) + (0.3 * Delta(other, index)))));
        AssertClose(expected, merged[$"{Layer}.weight"].Values);
    }

    [Fact]
    public void Biases_of_B_are_added_with_their_weights()
    {
        var (one, other) = (Adapter(1, scale: 2, bias: true), Adapter(2, scale: 0.5, bias: true));

        var merged = AdapterFold.Fold(_model.Weights, [(one, 0.7), (other, 0.3)], 2).Merged;

        var expected = _model.Weights[$"{Layer}.bias"].Values.Select((value, row) =>
            value + (2 * ((0.7 * 2 * one.Modules[0].BBias!.Values[row]) + (0.3 * 0.5 * other.Modules[0].BBias!.Values[row]))));
        AssertClose(expected, merged[$"{Layer}.bias"].Values);
    }

    [Fact]
    public void DoRA_rescales_the_rows_of_the_sum_so_far()
    {
        var (plain, dora) = (Adapter(1), Adapter(2, magnitude: true));

        var merged = AdapterFold.Fold(_model.Weights, [(plain, 0.7), (dora, 1)], 1).Merged;

        AssertClose(Rescaled(Base.Select((value, index) => value + (0.7 * Delta(plain, index)) + Delta(dora, index)), dora),
            merged[$"{Layer}.weight"].Values);
    }

    [Fact]
    public void An_adapter_after_DoRA_is_added_to_the_rescaled_rows()
    {
        var (dora, plain) = (Adapter(1, magnitude: true), Adapter(2));

        var merged = AdapterFold.Fold(_model.Weights, [(dora, 1), (plain, 0.3)], 1).Merged;

        var rescaled = Rescaled(Base.Select((value, index) => value + Delta(dora, index)), dora);
        AssertClose(rescaled.Select((value, index) => value + (0.3 * Delta(plain, index))), merged[$"{Layer}.weight"].Values);
    }

    [Fact]
    public void Weight_of_a_DoRA_adapter_multiplies_its_scale_as_set_scale_does_in_peft()
    {
        var dora = Adapter(1, magnitude: true);

        var merged = AdapterFold.Fold(_model.Weights, [(dora, 0.5)], 0.5).Merged;

        AssertClose(Rescaled(Base.Select((value, index) => value + (0.25 * Delta(dora, index))), dora), merged[$"{Layer}.weight"].Values);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void The_unmerged_forward_pass_gives_the_logits_of_the_sum(bool firstIsDora, bool secondIsDora)
    {
        (LoraAdapter, double)[] adapters =
            [(Adapter(1, magnitude: firstIsDora, bias: !firstIsDora), 0.7), (Adapter(2, magnitude: secondIsDora, bias: !secondIsDora), 0.3)];
        var ids = TinyModel.Ids(20, seed: 3);

        var merged = new ReferenceModel(AdapterFold.Fold(_model.Weights, adapters, 1).Merged, []).Logits(ids);
        var unmerged = new ReferenceModel(_model.Weights, adapters).Logits(ids);

        AssertClose(merged.Select(value => (double)value), unmerged);
        Assert.NotEqual(new ReferenceModel(_model.Weights, []).Logits(ids), unmerged);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    public void Scale_or_weight_zero_gives_the_base_bit_by_bit(double scale, double weight)
    {
        (LoraAdapter, double)[] adapters = [(Adapter(1), weight), (Adapter(2, magnitude: true), weight)];

        var (merged, report) = AdapterFold.Fold(_model.Weights, adapters, scale);

        Assert.Empty(report);
        Assert.All(_model.Weights.Tensors, tensor => Assert.Equal(tensor.Values, merged[tensor.Name].Values));
        Assert.Equal(new ReferenceModel(_model.Weights, []).Logits([2, 9, 3]),
            new ReferenceModel(_model.Weights, [.. adapters.Select(entry => (entry.Item1, entry.Item2 * scale))]).Logits([2, 9, 3]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Each_adapter_must_change_something(bool magnitude)
    {
        var untrained = Adapter(2, magnitude: magnitude, trained: false);

        var error = Assert.Throws<InputException>(() => AdapterFold.Fold(_model.Weights, [(untrained, 1), (Adapter(1), 1)], 1));

        Assert.Contains("adapters/2: the adapter changes nothing", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Weights_that_are_not_finite_are_refused(float value)
    {
        var adapter = Adapter(1);
        adapter.Modules[0].A.Values[5] = value;

        Assert.Contains($"module '{Layer}': the merged weight is not finite",
            Assert.Throws<InputException>(() => AdapterFold.Fold(_model.Weights, [(adapter, 1)], 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_scale_that_is_too_large_is_not_called_a_broken_adapter() =>
        Assert.StartsWith("--scale or an adapter's weight is too large",
            Assert.Throws<InputException>(() => AdapterFold.Fold(_model.Weights, [(Adapter(1), 1)], 1e300)).Hint, StringComparison.Ordinal);

    [Fact]
    public void Two_adapters_may_not_bring_different_heads()
    {
        var error = Assert.Throws<InputException>(() => AdapterFold.Fold(_model.Weights, [(WithHead(1), 1), (WithHead(2), 1)], 1));

        Assert.Contains("two adapters replace tensor 'classifier.bias'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_head_that_an_adapter_brings_is_taken_whole_whatever_the_scale() =>
        Assert.Equal([1, -1], AdapterFold.Fold(_model.Weights, [(WithHead(1), 0.3)], 0.5).Merged["classifier.bias"].Values);

    private LoraAdapter Adapter(int seed, int rank = 4, double scale = 2, bool bias = false, bool magnitude = false, bool trained = true)
    {
        var random = new Random(seed);
        var a = TinyModel.RandomTensor("A", [rank, 32], random, 0.2);
        var b = TinyModel.RandomTensor("B", [32, rank], random, trained ? 0.2 : 0);
        var bBias = bias ? TinyModel.RandomTensor("bias", [32], random, 0.2) : null;
        var kind = magnitude ? LinearAdapters.Dora : LinearAdapters.Lora;
        var module = kind.Compose(new LinearLayout(Layer, 32, 32), scale, key => key.Part switch
        {
            AdapterPart.Down => a,
            AdapterPart.Up => b,
            AdapterPart.Fixed => bBias,
            _ when trained => TinyModel.RandomTensor("magnitude", [32], random, 0.1, mean: 1),
            _ => new NamedTensor("magnitude", [32],
                [.. Enumerable.Range(0, 32).Select(row => (float)RowNorm(Base.Select(value => (double)value), row))]),
        });
        return new LoraAdapter([module], []) { Directory = $"adapters/{seed}" };
    }

    private LoraAdapter WithHead(float bias) => new(Adapter(1).Modules, [new NamedTensor("classifier.bias", [2], [bias, -bias])]);

    /// <summary>scale·(B·A) at an index of the weight [32, 32].</summary>
    private static double Delta(LoraAdapter adapter, int index)
    {
        var module = adapter.Modules[0];
        return module.Scale * Enumerable.Range(0, module.Rank)
            .Sum(k => (double)module.B.Values[(index / 32 * module.Rank) + k] * module.A.Values[(k * 32) + (index % 32)]);
    }

    private static double[] Rescaled(IEnumerable<double> weight, LoraAdapter dora)
    {
        var values = weight.ToArray();
        var magnitude = dora.Modules[0].Part(AdapterPart.Magnitude)!.Values;
        return [.. values.Select((value, index) => value * magnitude[index / 32] / RowNorm(values, index / 32))];
    }

    private static double RowNorm(IEnumerable<double> weight, int row) => Math.Sqrt(weight.Skip(row * 32).Take(32).Sum(value => value * value));

    /// <summary>Within fp32 rounding: 1e-5 of numbers around 1.</summary>
    private static void AssertClose(IEnumerable<double> expected, float[] found)
    {
        var largest = expected.Zip(found, (a, b) => Math.Abs(a - b)).Max();
        Assert.True(largest <= 1e-5, $"largest difference {largest}");
    }
}
