using System.Reflection;
using LoraOnnx.Model;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Training.Engine;
using TorchSharp;

namespace LoraOnnx.Training.Torch;

/// <summary>Training with libtorch. <see cref="Start"/> loads it and sets up the process; models are made afterwards and leave the process as it
/// is.</summary>
internal sealed class TorchEngine : ITrainingEngine
{
    /// <summary>Its name.</summary>
    public const string EngineName = "torch";

    private readonly TorchDevice _device;

    private TorchEngine(Machine machine, TorchDevice device)
    {
        Machine = machine;
        _device = device;
    }

    /// <inheritdoc/>
    public string Name => EngineName;

    /// <inheritdoc/>
    public Machine Machine { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Libraries { get; } = new Dictionary<string, string>
    {
        ["torchsharp"] = VersionOf(typeof(torch).Assembly),
    };

    /// <summary>Loads libtorch, chooses what the wish leaves open, and sets the threads and the memory of the process.</summary>
    /// <exception cref="InputException">A GPU is asked for and there is none.</exception>
    public static TorchEngine Start(MachineWish wish, Action<string>? log)
    {
        NativeTorch.Prepare(log);
        var kind = wish.Device ?? (TorchDevice.CudaIsAvailable() ? ComputeDevice.Cuda : ComputeDevice.Cpu);
        var device = TorchDevice.Of(kind);
        var threads = wish.Threads ?? Environment.ProcessorCount;
        torch.set_num_threads(threads);
        if (kind == ComputeDevice.Cpu)
        {
            if (TensorMemory.IsWanted(Environment.GetEnvironmentVariable(TensorMemory.SwitchName)))
            {
                TensorMemory.Install();
            }
            else
            {
                log?.Invoke($"{TensorMemory.SwitchName}: tensors have their memory from libtorch's own allocator");
            }
        }

        return new TorchEngine(new Machine(kind, wish.Precision ?? TorchDevice.FastPrecision(kind), threads), device);
    }

    /// <inheritdoc/>
    public IEncoder Encoder(ModelWeights weights, LoraAdapter? adapter, BasePrecision precision) =>
        new FrozenNetwork(weights, adapter, precision, _device);

    /// <inheritdoc/>
    public ILearner<PackedBatch> Adapters(ModelWeights weights, AdapterPlan plan, LearnerOptions options) =>
        new AdapterLearner(weights, plan, options, _device);

    /// <inheritdoc/>
    public ILearner<FeatureBatch> Head(ModelWeights weights, LearnerOptions options) => new HeadLearner(weights, options, _device);

    private static string VersionOf(Assembly assembly) =>
        // assemblies have versions
        assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]
            ?? assembly.GetName().Version!.ToString();
}
