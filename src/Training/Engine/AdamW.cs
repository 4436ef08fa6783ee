using TorchSharp;
using static TorchSharp.torch;

namespace LoraOnnx.Training.Engine;

/// <summary>Clipping and torch's AdamW over the flat buffers of <see cref="TrainedParameters"/>; the device is never waited for.</summary>
internal sealed class AdamW : IDisposable
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

    /// <summary>Steps done.</summary>
    public long StepCount { get; set; }

    /// <summary>Clips the gradients, updates all parameters, and returns the gradient norm before clipping (a scalar on the device; the caller's scope disposes).</summary>
    public Tensor Step(double learningRate, double headLearningRate)
    {
        using var scope = NewDisposeScope();
        StepCount++;
        var (gradients, mean, square) = (_parameters.Gradients, _parameters.Mean, _parameters.Square);
        var norm = gradients.norm();
        if (_constants.ClipNorm > 0)
        {
            gradients.mul_(norm.add(_clipEpsilon).reciprocal_().mul_(_clipNorm).clamp_max_(_one));
        }

        mean.mul_(_beta1).add_(gradients, _oneMinusBeta1);
        square.mul_(_beta2).addcmul_(gradients, gradients, _oneMinusBeta2);
        using var squareCorrection = (1 / Math.Sqrt(1 - Math.Pow(_constants.Beta2, StepCount))).ToScalar();
        var direction = mean.div(square.sqrt().mul_(squareCorrection).add_(_epsilon));
        var meanCorrection = 1 - Math.Pow(_constants.Beta1, StepCount);
        foreach (var (kind, start, length) in _parameters.Segments())
        {
            var rate = RateOf(kind, learningRate, headLearningRate);
            var values = _parameters.Values.narrow(0, start, length);
            if (kind != ParameterKind.HeadBias)
            {
                using var shrink = (1 - (rate * _constants.WeightDecay)).ToScalar();
                values.mul_(shrink);
            }

            using var stride = (-rate / meanCorrection).ToScalar();
            values.add_(direction.narrow(0, start, length), stride);
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

    private double RateOf(ParameterKind kind, double learningRate, double headLearningRate) => kind switch
    {
        ParameterKind.HeadWeight or ParameterKind.HeadBias => headLearningRate,
        ParameterKind.AdapterUp => learningRate * _loraPlusRatio,
        _ => learningRate,
    };
}
