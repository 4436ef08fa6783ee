using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Learning;
using TorchSharp;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Torch;

/// <summary>AdamW as operations on tensors, for a GPU: the device is never waited for.</summary>
internal sealed class AdamW : IOptimizer
{
    private readonly TrainedParameters _parameters;
    private readonly OptimizerConstants _constants;
    private readonly double _loraPlusRatio;
    private readonly Scalar _beta1;
    private readonly Scalar _beta2;
    private readonly Scalar _oneMinusBeta1;
    private readonly Scalar _oneMinusBeta2;
    private readonly Scalar _epsilon;
    private readonly Scalar _clipEpsilon = 1e-6.ToScalar();
    private readonly Scalar _clipNorm;
    private readonly Scalar _one = 1.0.ToScalar();

    /// <summary>An optimizer over parameters that the caller keeps.</summary>
    public AdamW(TrainedParameters parameters, OptimizerConstants constants, double loraPlusRatio)
    {
        _parameters = parameters;
        _constants = constants;
        _loraPlusRatio = loraPlusRatio;
        _beta1 = constants.Beta1.ToScalar();
        _beta2 = constants.Beta2.ToScalar();
        _oneMinusBeta1 = (1 - constants.Beta1).ToScalar();
        _oneMinusBeta2 = (1 - constants.Beta2).ToScalar();
        _epsilon = constants.Epsilon.ToScalar();
        _clipNorm = constants.ClipNorm.ToScalar();
    }

    /// <inheritdoc/>
    public long StepCount { get; set; }

    /// <inheritdoc/>
    public Tensor Step(double learningRate, double headLearningRate)
    {
        using var scope = NewDisposeScope();
        StepCount++;
        var (gradients, mean, square) = (_parameters.Gradients, _parameters.Mean, _parameters.Square);
        var norm = gradients.norm();
        if (_constants.ClipNorm > 0)
        {
            gradients.mul_(norm.add(_clipEpsilon, Scalars.One).reciprocal_().mul_(_clipNorm).clamp_max_(_one));
        }

        mean.mul_(_beta1).add_(gradients, _oneMinusBeta1);
        square.mul_(_beta2).addcmul_(gradients, gradients, _oneMinusBeta2);
        using var squareCorrection = (1 / Math.Sqrt(1 - Math.Pow(_constants.Beta2, StepCount))).ToScalar();
        var direction = mean.div(square.sqrt().mul_(squareCorrection).add_(_epsilon, Scalars.One));
        foreach (var (kind, start, length) in _parameters.Segments())
        {
            var rates = UpdateRates.Of(kind, learningRate, headLearningRate, _loraPlusRatio, _constants, StepCount);
            using var shrink = rates.Shrink.ToScalar();
            using var stride = (-rates.Stride).ToScalar();
            _parameters.Values.narrow(0, start, length).mul_(shrink).add_(direction.narrow(0, start, length), stride);
        }

        return norm.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var scalar in (ReadOnlySpan<Scalar>)[_beta1, _beta2, _oneMinusBeta1, _oneMinusBeta2, _epsilon, _clipEpsilon, _clipNorm, _one])
        {
            scalar.Dispose();
        }
    }
}
