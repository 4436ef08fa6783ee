using LoraOnnx.Model;
using LoraOnnx.Training.Engine;
using LoraOnnx.Training.Options;
using LoraOnnx.Training.Steps;

namespace LoraOnnx.Training.Tests;

/// <summary>Options with their choices made for a processor with one thread.</summary>
internal static class Effective
{
    public static EffectiveOptions Of(TrainingOptions options) =>
        EffectiveOptions.Of(options, null, new Machine(ComputeDevice.Cpu, BasePrecision.Fp32, 1), maxLength: 512, RunRules.Current);
}
