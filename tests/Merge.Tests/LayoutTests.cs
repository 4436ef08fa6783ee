using System.Numerics.Tensors;
using LoraOnnx.Graph;
using LoraOnnx.Inference;
using LoraOnnx.Model;
using LoraOnnx.Model.Metrics;
using LoraOnnx.Model.Reference;

namespace LoraOnnx.Merge.Tests;

/// <summary>Other layouts than one folder: that of the hub, and Triton's.</summary>
public sealed class LayoutTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static string Bert => FamilyGolden.CheckpointOf(FamilyGolden.FirstOf("bert"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_hub_layout_has_three_ONNX_files_tokenizer_json_and_a_card_and_a_BERT_takes_token_types()
    {
        var hub = Merge(Bert, "--layout", "hub");

        Assert.Equal(
            ["README.md", "config.json", "onnx/model.onnx", "onnx/model_int8.gate.json", "onnx/model_int8.onnx", "onnx/model_quantized.onnx",
                "tokenizer.json", "tokenizer_config.json", "vocab.txt"],
            FilesOf(hub));
        foreach (var file in new[] { "model.onnx", "model_int8.onnx" })
        {
            Assert.Equal(["input_ids", "attention_mask", "token_type_ids"],
                OnnxModel.Read(Path.Combine(hub, "onnx", file)).Interface.Inputs.Select(input => input.Name));
        }

        Assert.Equal(File.ReadAllBytes(Path.Combine(hub, "onnx", "model_int8.onnx")),
            File.ReadAllBytes(Path.Combine(hub, "onnx", "model_quantized.onnx")));
        Assert.StartsWith("---\npipeline_tag: text-classification\n", File.ReadAllText(Path.Combine(hub, "README.md")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("distilbert")]
    [InlineData("roberta")] // one token type: there is nothing to choose
    public void Others_take_two_inputs(string family)
    {
        var hub = Merge(FamilyGolden.CheckpointOf(FamilyGolden.FirstOf(family)), "--layout", "hub");

        Assert.Equal(["input_ids", "attention_mask"],
            OnnxModel.Read(Path.Combine(hub, "onnx", "model.onnx")).Interface.Inputs.Select(input => input.Name));
    }

    [Theory]
    [InlineData("fp32")]
    [InlineData("int8")]
    public void A_file_with_token_types_is_served_packed_with_the_bits_of_the_plain_one(string precision)
    {
        var (hub, plain) = (Merge(Bert, "--layout", "hub"), Merge(Bert, "--precision", precision, "--plain"));
        using var one = TextClassifier.Load(hub, new InferenceOptions { Device = ComputeDevice.Cpu, Precision = PrecisionRule.Parse(precision) });
        using var other = TextClassifier.Load(plain, new InferenceOptions { Device = ComputeDevice.Cpu, Precision = PrecisionRule.Parse(precision) });

        var texts = new[] { "A slow start, but the last act is wonderful.", "Bad." };
        var (found, expected) = (Run(one), Run(other));

        Assert.Equal(ServedForm.Packed, one.Model.Form);
        Assert.Equal(ContentHash.OfFile(Path.Combine(hub, "onnx", precision == "fp32" ? "model.onnx" : "model_int8.onnx")), one.Model.Hash);
        Assert.Equal(expected, found);

        float[] Run(TextClassifier classifier) =>
            [.. classifier.Run([.. texts.Select(classifier.Encode)], TestContext.Current.CancellationToken).SelectMany(row => row)];
    }

    [Fact]
    public void Names_that_come_twice_in_JSON_are_written_as_they_are_read_the_last_one_counts()
    {
        var model = Directory.CreateDirectory(Path.Combine(_folder.Path, "model")).FullName;
        foreach (var file in Directory.GetFiles(Bert))
        {
            var target = Path.Combine(model, Path.GetFileName(file));
            File.Copy(file, target);
            if (Path.GetFileName(file) is "config.json" or "tokenizer_config.json")
            {
                File.WriteAllText(target, """{"note": 1, "note": 2,""" + File.ReadAllText(file).TrimStart()[1..]);
            }
        }

        var checkpoint = Path.Combine(_folder.Path, "checkpoint");
        var hub = Merge(model, "--layout", "hub", "--precision", "fp32", "--save-checkpoint", checkpoint);

        foreach (var file in new[] { Path.Combine(hub, "tokenizer_config.json"), Path.Combine(checkpoint, "config.json") })
        {
            Assert.Equal(2, JsonFields.Load(file).Integer("note", 0, 0));
        }
    }

    [Fact]
    public void Another_token_type_gives_other_logits()
    {
        var hub = Merge(Bert, "--layout", "hub", "--precision", "fp32");
        using var session = new Microsoft.ML.OnnxRuntime.InferenceSession(Path.Combine(hub, "onnx", "model.onnx"));

        Assert.NotEqual(Logits(0), Logits(1));

        float[] Logits(long type)
        {
            using var results = session.Run(
            [
                Tensor("input_ids", [2, 5, 6, 3]), Tensor("attention_mask", [1, 1, 1, 1]), Tensor("token_type_ids", [type, type, type, type]),
            ]);
            return [.. results[0].AsEnumerable<float>()];
        }

        static Microsoft.ML.OnnxRuntime.NamedOnnxValue Tensor(string name, long[] values) => Microsoft.ML.OnnxRuntime.NamedOnnxValue
            .CreateFromTensor(name, new Microsoft.ML.OnnxRuntime.Tensors.DenseTensor<long>(values, [1, values.Length]));
    }

    [Fact]
    public void A_file_of_others_called_model_int8_is_not_taken_for_ours()
    {
        var hub = Merge(Bert, "--layout", "hub", "--precision", "fp32");
        _folder.Write("out/onnx/model_int8.onnx", "optimum's");

        using var classifier = TextClassifier.Load(hub,
            new InferenceOptions { Device = ComputeDevice.Cpu, Precision = PrecisionRule.Of(Precision.Int8) });

        Assert.Equal((ContentHash.OfFile(Path.Combine(hub, "onnx", "model.onnx")), Precision.Int8),
            (classifier.Model.Hash, classifier.Model.Precision));
    }

    [Fact]
    public void Thresholds_stand_beside_config_json_and_are_found_for_the_folder_and_for_the_file()
    {
        var hub = Merge(Bert, "--layout", "hub", "--precision", "fp32");
        new Calibration { Threshold = 0.7 }.Save(hub);

        foreach (var path in new[] { hub, Path.Combine(hub, "onnx", "model.onnx") })
        {
            Assert.Equal(0.7, Calibration.LoadOrNone(ModelFiles.DirectoryOf(path)).Threshold);
        }
    }

    [Fact]
    public void A_rounded_file_that_fails_its_gate_leaves_nothing_and_the_error_says_how_to_go_on()
    {
        using var model = Undecided();
        var result = Command.Run(Repository.Path("bin", "lora-merge"),
            ["--model", model.Checkpoint, "--layout", "hub", "--no-verify", "--out", Path.Combine(_folder.Path, "out")]);

        Assert.True(result.ExitCode == 1, result.ToString());
        Assert.Contains("--layout hub --precision fp32", result.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    /// <summary>A model that hardly reads: all texts stand within a thousandth of the border, where 8 bits decide for them.</summary>
    private static TinyModel Undecided()
    {
        var model = new TinyModel(new TinyModelOptions { Layers = 4 });
        var (layout, weights) = (model.Config.Layout, model.Weights);
        TensorPrimitives.Multiply(weights[layout.Embeddings.Words.Key].Values, 1e-3f, weights[layout.Embeddings.Words.Key].Values);
        var positions = weights[layout.Embeddings.Positions.Key].Values;
        for (var place = model.Config.Shape.Width; place < positions.Length; place++)
        {
            positions[place] = positions[place % model.Config.Shape.Width];
        }

        using var classifier = TextClassifier.FromWeights(weights, model.Checkpoint, new InferenceOptions { Device = ComputeDevice.Cpu });
        var margins = classifier.Run([.. ReferenceTexts.ShortTexts.Select(classifier.Encode)], TestContext.Current.CancellationToken)
            .Select(logits => logits[1] - logits[0]).Order().ToArray();
        weights[layout.Head.Last.Bias].Values[1] -= margins[margins.Length / 2];
        model.Save(weights.Tensors);
        return model;
    }

    [Fact]
    public void Triton_has_its_configuration_labels_and_a_version()
    {
        var repository = Merge(Bert, "--layout", "triton");

        Assert.Equal(["model/1/model.onnx", "model/config.json", "model/config.pbtxt", "model/labels.txt", "model/tokenizer_config.json",
            "model/vocab.txt"], FilesOf(repository));
    }

    [Theory]
    [InlineData("fp16")]
    [InlineData("int8-dynamic")]
    public void The_hub_layout_takes_no_other_precision(string precision)
    {
        var result = Command.Run(Repository.Path("bin", "lora-merge"),
            ["--model", Bert, "--layout", "hub", "--precision", precision, "--out", Path.Combine(_folder.Path, "out")]);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains($"--precision is {precision} with --layout hub, expected int8", result.Error, StringComparison.Ordinal);
    }

    private string Merge(string model, params string[] options)
    {
        var plain = options.Contains("--plain");
        var folder = Path.Combine(_folder.Path, plain ? "plain" : "out");
        var result = Command.Run(Repository.Path("bin", "lora-merge"), ["--model", model, "--no-verify", "--out",
            plain ? Path.Combine(folder, "model.onnx") : folder, .. options.Where(option => option != "--plain")]);
        Assert.True(result.ExitCode == 0, result.ToString());
        return folder;
    }

    private static List<string> FilesOf(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(folder, file)).Order(StringComparer.Ordinal)];
}
