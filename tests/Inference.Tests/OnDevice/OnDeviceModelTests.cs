using LoraOnnx.Graph.OnDevice;
using LoraOnnx.Graph.Onnx;
using LoraOnnx.Model.Adapters;
using LoraOnnx.Model.Adapters.Kinds;
using LoraOnnx.Model.Checkpoints;
using LoraOnnx.Model.Safetensors;
using LoraOnnx.Model.Sampling;
using Microsoft.ML.OnnxRuntime;

namespace LoraOnnx.Inference.Tests.OnDevice;

/// <summary>What a device trains: names and order of inputs and outputs, the optimizer's constants, and the evaluation model's numbers.</summary>
public sealed class OnDeviceModelTests
{
    private static readonly string[] _batch = ["input_ids", "attention_mask", "labels"];

    public static TheoryData<string> Models => [.. FamilyGolden.ModelsWith("logits.json")];

    [Fact]
    public void Inputs_are_batch_parameters_buffers_and_flag_and_outputs_are_loss_logits_and_what_was_added()
    {
        using var written = new Written(FamilyGolden.FirstOf("bert"), trainsHead: true);
        var (training, evaluation) = (written.Model(OnDeviceModels.TrainingFile), written.Model(OnDeviceModels.EvaluationFile));

        var learning = written.Parameters.Learning.Select(tensor => tensor.Name).ToList();
        string[] parameters = [.. written.Parameters.Frozen.Select(tensor => tensor.Name), .. learning];
        Assert.Equal([.. _batch, .. parameters, .. learning.Select(name => $"{name}_grad.accumulation.buffer"), "lazy_reset_grad"],
            training.Graph.Input.Select(input => input.Name));
        Assert.Equal(["loss", "logits", .. learning.Select(name => $"{name}_grad.accumulation.out")],
            training.Graph.Output.Select(output => output.Name));
        Assert.Equal([.. _batch, .. parameters], evaluation.Graph.Input.Select(input => input.Name));
        Assert.Equal(["loss", "logits"], evaluation.Graph.Output.Select(output => output.Name));
        Assert.DoesNotContain(training.Graph.Node, node => node.OpType == "Dropout");
        Assert.All(training.Graph.Initializer, constant => Assert.True(constant.RawData.Length <= 64, constant.Name));
        Assert.Equal(["InPlaceAccumulatorV2"], training.Graph.Node.Where(node => node.Domain.Length > 0).Select(node => node.OpType).Distinct());
    }

    [Fact]
    public void Tensors_keep_the_keys_of_the_checkpoint_and_of_peft()
    {
        using var written = new Written(FamilyGolden.FirstOf("bert"), trainsHead: true);

        var layout = written.Weights.Config.Layout;
        Assert.Equal(
            layout.Tensors.Select(spec => spec.Key).Except([layout.Embeddings.TokenTypes!.Value.Key]).Order(StringComparer.Ordinal),
            written.Parameters.Frozen.Concat(written.Parameters.Learning).Select(tensor => tensor.Name)
                .Where(name => !name.Contains("lora_", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Contains("base_model.model.bert.encoder.layer.0.attention.self.query.lora_A.weight",
            written.Parameters.Learning.Select(tensor => tensor.Name));
    }

    [Theory]
    [InlineData(false, 0, 1e-8f, 0.01f)]
    [InlineData(true, 1, 1e-6f, 0f)]
    public void The_optimizer_is_torchs_or_that_of_the_python_generator(bool huggingFace, long mode, float epsilon, float decay)
    {
        using var written = new Written(
            FamilyGolden.FirstOf("bert"), trainsHead: false, huggingFace ? OnDeviceOptimizer.HuggingFace : OnDeviceOptimizer.Torch);

        var graph = written.Model(OnDeviceModels.OptimizerFile).Graph;
        var node = Assert.Single(graph.Node);
        Assert.Equal(["learning_rate", "step", "params", "gradients", "first_order_moments", "second_order_moments"],
            graph.Input.Select(input => input.Name));
        Assert.Equal(("AdamWOptimizer", "com.microsoft", mode), (node.OpType, node.Domain, Attribute("adam_mode").I));
        Assert.Equal((0.9f, 0.999f, epsilon, decay, 1L),
            (Attribute("alpha").F, Attribute("beta").F, Attribute("epsilon").F, Attribute("weight_decay").F, Attribute("correct_bias").I));

        AttributeProto Attribute(string name) => node.Attribute.Single(attribute => attribute.Name == name);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void The_evaluation_model_gives_the_logits_of_transformers_for_padded_texts(string model)
    {
        using var written = new Written(model, trainsHead: true);
        var cases = FamilyGolden.Json(model, "logits.json").GetProperty("cases").EnumerateArray().Take(6).ToList();
        var texts = FamilyGolden.Encode(model, cases.Select(entry => entry.GetProperty("text").GetString()!));

        var (loss, logits) = written.Evaluate([.. texts.Select(text => text.Ids)]);

        FamilyGolden.AssertClose([.. cases.Select(entry => FamilyGolden.Numbers(entry.GetProperty("logits")))], logits, 2e-5);
        Assert.InRange(loss, written.ExpectedLoss(logits) - 1e-5, written.ExpectedLoss(logits) + 1e-5);
    }

    /// <summary>The files for a golden model with new adapters on queries and values; every text is of class 0, or nothing holds for it.</summary>
    private sealed class Written : IDisposable
    {
        private readonly TemporaryFolder _folder = new();

        public Written(string model, bool trainsHead, OnDeviceOptimizer? optimizer = null)
        {
            Weights = FamilyGolden.Weights(model);
            var random = SeededRandom.Of(1, RandomUse.Adapters);
            Parameters = OnDeviceParameters.Of(Weights, [.. AdapterTargets.Modules(Weights.Config.Layout, ["query", "value"], trainsHead)
                .Select(name => LinearAdapters.Lora.Initialize(
                    (Weights.Config.Layout.Linear(name), Weights[$"{name}.weight"]), 2, 2, AdapterInitialization.Peft, random))],
                trainsHead);
            OnDeviceModels.Write(_folder.Path, Weights, Parameters, optimizer ?? OnDeviceOptimizer.Torch);
        }

        public ModelWeights Weights { get; }

        public OnDeviceParameters Parameters { get; }

        private int Classes => Weights.Config.Task.Labels.Count;

        public void Dispose() => _folder.Dispose();

        public ModelProto Model(string file) => ModelProto.Parser.ParseFrom(File.ReadAllBytes(Path.Combine(_folder.Path, file)));

        public (float Loss, float[][] Logits) Evaluate(int[][] texts)
        {
            var width = texts.Max(text => text.Length);
            long[] shape = [texts.Length, width];
            var inputs = Parameters.Frozen.Concat(Parameters.Learning).ToDictionary(tensor => tensor.Name, tensor => Value(tensor.Values, tensor));
            long[] ids = [.. texts.SelectMany(text => text.Select(id => (long)id).Concat(Enumerable.Repeat(1L, width - text.Length)))];
            long[] mask = [.. texts.SelectMany(text => Enumerable.Range(0, width).Select(place => place < text.Length ? 1L : 0))];
            inputs["input_ids"] = OrtValue.CreateTensorValueFromMemory(ids, shape);
            inputs["attention_mask"] = OrtValue.CreateTensorValueFromMemory(mask, shape);
            inputs["labels"] = Weights.Config.Task.IsMultiLabel
                ? OrtValue.CreateTensorValueFromMemory(new float[texts.Length * Classes], [texts.Length, Classes])
                : OrtValue.CreateTensorValueFromMemory(new long[texts.Length], [texts.Length]);
            using var session = new InferenceSession(File.ReadAllBytes(Path.Combine(_folder.Path, OnDeviceModels.EvaluationFile)));
            using var run = new RunOptions();
            using var results = session.Run(run, inputs, ["loss", "logits"]);
            foreach (var value in inputs.Values)
            {
                value.Dispose();
            }

            return (results[0].GetTensorDataAsSpan<float>()[0], [.. results[1].GetTensorDataAsSpan<float>().ToArray().Chunk(Classes)]);
        }

        public double ExpectedLoss(float[][] logits) => Weights.Config.Task.IsMultiLabel
            ? logits.Average(row => row.Average(logit => Math.Log(1 + Math.Exp(logit))))
            : logits.Average(row => Math.Log(row.Sum(logit => Math.Exp(logit))) - row[0]);

        private static OrtValue Value(float[] values, NamedTensor tensor) =>
            OrtValue.CreateTensorValueFromMemory(values, [.. tensor.Shape.Select(length => (long)length)]);
    }
}
