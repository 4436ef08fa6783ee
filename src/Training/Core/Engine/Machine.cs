using LoraOnnx.Model;

namespace LoraOnnx.Training.Engine;

/// <summary>What computes. A resumed run keeps what it started with: other threads or another type would give other bits.</summary>
internal sealed record Machine(ComputeDevice Device, BasePrecision Precision, int Threads);

/// <summary>What is asked of a machine; null where the engine is to choose.</summary>
internal sealed record MachineWish(ComputeDevice? Device, BasePrecision? Precision, int? Threads);
