using LoraOnnx.Model.Configuration;
using LoraOnnx.Model.Tokenization;
using LoraOnnx.OnDevice;
using LoraOnnx.Texts;
using Microsoft.ML.OnnxRuntime;

// Trains the head, then adapters on top of it, on texts that stay on this machine. What goes back is a checkpoint of some hundred kilobytes.
if (args is not [var model, var artifacts, var texts, var output])
{
    Console.Error.WriteLine("usage: on-device MODEL ARTIFACTS TEXTS OUT\n"
        + "MODEL is the base; ARTIFACTS holds head/ and lora/, each of lora-merge --training-artifacts; TEXTS have labels.");
    return 1;
}

const int MaxTokens = 128;
var config = ModelConfig.Load(model);
var batches = Batches.Of(LabelledTexts.ReadAll(texts, config.Task), TextTokenizer.Load(model, config.Shape.Vocabulary), MaxTokens);
Directory.CreateDirectory(output);
TrainingUtils.SetSeed(42);

using var head = CheckpointState.LoadCheckpoint(Path.Combine(artifacts, "head", "checkpoint"));
DeviceTraining.Train("head", Path.Combine(artifacts, "head"), head, batches, epochs: 5, rate: 1e-3f, Path.Combine(output, "head.checkpoint"));

using var adapters = CheckpointState.LoadCheckpoint(Path.Combine(artifacts, "lora", "checkpoint"));
foreach (var key in config.Layout.Head.Keys)
{
    using var trained = head.GetParameter(key);
    adapters.UpdateParameter(key, trained); // frozen from here on
}

DeviceTraining.Train("lora", Path.Combine(artifacts, "lora"), adapters, batches, epochs: 2, rate: 5e-4f, Path.Combine(output, "lora.checkpoint"));
Console.WriteLine($"next: lora-merge --checkpoint {Path.Combine(output, "head.checkpoint")} --out {Path.Combine(output, "head")}, the same with "
    + "lora.checkpoint");
return 0;
