using Google.Protobuf;
using LoraOnnx.Graph;
using LoraOnnx.Graph.Onnx;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Inference.Tests;

/// <summary>What runs is the file's own graph: neither a neighbouring config.json nor a changed graph makes other logits of the same file.</summary>
public sealed class GraphProofTests
{
    private static readonly EncodedText[] _texts =
        [.. new[] { "", "Good.", "Not bad at all, though the second hour is a mess and nobody on screen seems to care." }.Select(
            text => ModelFolder.Tokenizer.Encode(text, 512, Truncation.Head))];

    [Fact]
    public void A_file_of_lora_merge_is_served_packed_without_a_word()
    {
        using var folder = new ModelFolder();
        folder.Write();
        var log = new List<string>();

        using var classifier = TextClassifier.Load(folder.Path, ModelFolder.Cpu with { Log = log.Add });

        Assert.Equal(ServedForm.Packed, classifier.Model.Form);
        Assert.Empty(log);
    }

    [Theory]
    [InlineData("\"n_heads\": ", "6", "3")]
    [InlineData("\"activation\": ", "\"gelu\"", "\"relu\"")]
    [InlineData("\"n_layers\": ", "6", "5")]
    public void Another_shape_in_config_json_never_changes_the_logits_in_silence(string key, string value, string other)
    {
        using var folder = new ModelFolder();
        folder.Write();
        var expected = Run(folder, out _, out _);
        var config = Path.Combine(folder.Path, "config.json");
        var text = File.ReadAllText(config);
        var found = System.Text.RegularExpressions.Regex.Match(text, System.Text.RegularExpressions.Regex.Escape(key) + "[^,\\n]+").Value;
        Assert.NotEqual("", found);
        File.WriteAllText(
            config, text.Replace(found, key + (found.EndsWith(value, StringComparison.Ordinal) || key != "\"n_heads\": " ? other : "2"),
                StringComparison.Ordinal));

        var logits = Run(folder, out var form, out var log);

        AssertClose(expected, logits);
        Assert.Equal(ServedForm.Padded, form);
        Assert.Contains("config.json beside it says", Assert.Single(log), StringComparison.Ordinal);
    }

    [Fact]
    public void Longer_texts_than_the_file_runs_are_told_when_it_is_loaded()
    {
        using var folder = new ModelFolder();
        folder.Write();
        foreach (var (name, key) in new[] { ("config.json", "max_position_embeddings"), ("tokenizer_config.json", "model_max_length") })
        {
            var path = Path.Combine(folder.Path, name);
            File.WriteAllText(path, System.Text.RegularExpressions.Regex.Replace(File.ReadAllText(path), $"\"{key}\": [0-9]+", $"\"{key}\": 600"));
        }

        var error = Assert.Throws<InputException>(() => Run(folder, out _, out _));

        Assert.Contains("does not run a text of 600 tokens", error.Message, StringComparison.Ordinal);
        Assert.Contains("max_position_embeddings", error.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Precision.Fp32)]
    [InlineData(Precision.Fp16)]
    [InlineData(Precision.Int8)]
    public void A_node_at_the_end_is_not_ignored(Precision precision)
    {
        using var folder = new ModelFolder();
        var file = folder.Write(precision, OnnxModelFile.DefaultOpset);
        File.Move(file, folder.ModelFile, overwrite: true);
        var expected = Run(folder, out _, out _).Select(row => row.Select(logit => 2 * logit).ToArray()).ToArray();
        Rewrite(folder.ModelFile, model =>
        {
            var last = model.Graph.Node[^1];
            var inner = $"{last.Output[0]}_before";
            last.Output[0] = inner;
            model.Graph.Node.Add(new NodeProto { OpType = "Add", Input = { inner, inner }, Output = { "logits" } });
        });

        var logits = Run(folder, out var form, out var log);

        AssertClose(expected, logits, precision == Precision.Fp32 ? 2e-5 : 0.2); // of doubled logits; in fewer bits padded rounds otherwise
        Assert.Equal(ServedForm.Padded, form);
        Assert.Contains("changed after lora-merge wrote it", Assert.Single(log), StringComparison.Ordinal);
    }

    [Fact]
    public void A_changed_constant_is_not_ignored()
    {
        using var folder = new ModelFolder();
        folder.Write();
        Rewrite(folder.ModelFile, model =>
        {
            var scale = model.Graph.Initializer.Single(tensor => tensor.Name == "attention_scale");
            scale.RawData = ByteString.CopyFrom(BitConverter.GetBytes(0.5f));
        });

        Run(folder, out var form, out var log);

        Assert.Equal(ServedForm.Padded, form);
        Assert.Single(log);
    }

    [Fact]
    public void A_graph_of_other_names_that_computes_the_same_is_served_packed()
    {
        using var folder = new ModelFolder();
        folder.Write();
        var expected = Run(folder, out _, out _);
        Rewrite(folder.ModelFile, model =>
        {
            model.MetadataProps.Clear(); // as files of before had it
            foreach (var node in model.Graph.Node)
            {
                node.Name = "";
                Rename(node.Input);
                Rename(node.Output);
            }

            static void Rename(Google.Protobuf.Collections.RepeatedField<string> names)
            {
                for (var i = 0; i < names.Count; i++)
                {
                    names[i] = names[i].StartsWith('/') ? $"renamed{names[i]}" : names[i];
                }
            }
        });

        Assert.Equal(expected, Run(folder, out var form, out _));
        Assert.Equal(ServedForm.Packed, form);
    }

    [Fact]
    public void A_graph_that_cannot_be_known_but_gives_the_same_logits_is_served_packed_and_says_so()
    {
        using var folder = new ModelFolder();
        folder.Write();
        var expected = Run(folder, out _, out _);
        Rewrite(folder.ModelFile, model =>
        {
            model.MetadataProps.Clear();
            var last = model.Graph.Node[^1];
            last.Output[0] = "before";
            model.Graph.Node.Add(new NodeProto { OpType = "Identity", Input = { "before" }, Output = { "logits" } });
        });

        Assert.Equal(expected, Run(folder, out var form, out var log));
        Assert.Equal(ServedForm.Compared, form);
        Assert.Contains("served packed", Assert.Single(log), StringComparison.Ordinal);
    }

    private static float[][] Run(ModelFolder folder, out string form, out List<string> log)
    {
        log = [];
        using var classifier = TextClassifier.Load(folder.Path, ModelFolder.Cpu with { Log = log.Add });
        form = classifier.Model.Form;
        return classifier.Run(_texts, TestContext.Current.CancellationToken);
    }

    internal static void Rewrite(string path, Action<ModelProto> change)
    {
        var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
        change(model);
        File.WriteAllBytes(path, model.ToByteArray());
    }

    private static void AssertClose(float[][] expected, float[][] found, double tolerance = 1e-5)
    {
        var largest = expected.Zip(found, (a, b) => a.Zip(b, (x, y) => Math.Abs((double)x - y)).Max()).Max();
        Assert.True(largest <= tolerance, $"largest difference {largest}");
    }
}
