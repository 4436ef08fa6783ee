using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Families;

namespace LoraOnnx.Merge.Tests;

/// <summary>A random adapter of rank 4 on the queries and values of a <see cref="TinyModel"/>, in peft's format.</summary>
internal static class TinyAdapter
{
    /// <summary>Writes it into the model's folder and returns its directory.</summary>
    public static string Write(TinyModel model, string name, int seed) => Write(model, name, seed, ["q_lin", "v_lin"]);

    /// <summary>The same on other modules.</summary>
    public static string Write(TinyModel model, string name, int seed, string[] targets)
    {
        var random = new Random(seed);
        var modules = model.Config.Layout.Linears.Where(module => targets.Any(target => module.Name.EndsWith(target, StringComparison.Ordinal)))
            .Select(module => new LoraModule
            {
                Module = module.Name,
                Scale = 2,
                A = TinyModel.RandomTensor($"{module.Name}.lora_A", [4, module.In], random, 0.2),
                B = TinyModel.RandomTensor($"{module.Name}.lora_B", [module.Out, 4], random, 0.2),
            });
        var directory = Path.Combine(model.Folder, name);
        PeftAdapterWriter.Write(directory, new LoraAdapter([.. modules], []),
            new PeftAdapterSettings { Family = DistilBert.Family, Rank = 4, Alpha = 8, Targets = targets });
        return directory;
    }
}
