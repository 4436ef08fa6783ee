using Google.Protobuf;
using LoraOnnx.Graph.Onnx;
using LoraOnnx.Model.Tokenization;

namespace LoraOnnx.Inference.Tests;

/// <summary>ONNX files that others exported: other names, another graph under the same names, something else altogether.</summary>
public sealed class ForeignModelTests
{
    private static readonly EncodedText[] _texts =
    [
        ModelFolder.Tokenizer.Encode("A foreign film.", 512, Truncation.Head),
        ModelFolder.Tokenizer.Encode("One that somebody else exported, with names of their own for everything in it.", 512, Truncation.Head),
    ];

    [Fact]
    public void Other_initializer_names_are_served_padded_with_one_log_line()
    {
        using var folder = new ModelFolder();
        var expected = Expected(folder);
        Rewrite(folder.ModelFile, model =>
        {
            var renamed = model.Graph.Initializer.ToDictionary(
                tensor => tensor.Name, tensor => $"onnx::{tensor.Name.GetHashCode(StringComparison.Ordinal)}");
            foreach (var tensor in model.Graph.Initializer)
            {
                tensor.Name = renamed[tensor.Name];
            }

            foreach (var node in model.Graph.Node)
            {
                for (var i = 0; i < node.Input.Count; i++)
                {
                    node.Input[i] = renamed.GetValueOrDefault(node.Input[i], node.Input[i]);
                }
            }
        });
        var log = new List<string>();

        using var classifier = TextClassifier.Load(folder.Path, ModelFolder.Cpu with { Log = log.Add });

        AssertClose(expected, classifier.Run(_texts, TestContext.Current.CancellationToken));
        Assert.Contains("padded", Assert.Single(log), StringComparison.Ordinal);
    }

    [Fact]
    public void Another_graph_over_the_same_names_is_served_as_it_is()
    {
        using var folder = new ModelFolder();
        var expected = Expected(folder).Select(row => row.Select(logit => 2 * logit).ToArray()).ToArray();
        Rewrite(folder.ModelFile, model =>
        {
            model.ProducerName = "somebody";
            var last = model.Graph.Node[^1]; // Identity to logits
            last.OpType = "Add";
            last.Input.Add(last.Input[0]);
        });
        var log = new List<string>();

        using var classifier = TextClassifier.Load(folder.Path, ModelFolder.Cpu with { Log = log.Add });

        AssertClose(expected, classifier.Run(_texts, TestContext.Current.CancellationToken));
        Assert.Contains("served as it is, in padded batches", Assert.Single(log), StringComparison.Ordinal);
    }

    [Fact]
    public void Our_graph_from_another_producer_is_served_packed()
    {
        using var folder = new ModelFolder();
        var expected = Expected(folder);
        Rewrite(folder.ModelFile, model => model.ProducerName = "somebody");
        var log = new List<string>();

        using var classifier = TextClassifier.Load(folder.Path, ModelFolder.Cpu with { Log = log.Add });

        AssertClose(expected, classifier.Run(_texts, TestContext.Current.CancellationToken));
        Assert.Empty(log);
    }

    private static float[][] Expected(ModelFolder folder)
    {
        using var model = PortableModel.Open(folder.Write(), ModelFolder.Cpu);
        return model.Run([.. _texts.Select(text => text.Ids)], TestContext.Current.CancellationToken);
    }

    private static void Rewrite(string path, Action<ModelProto> change)
    {
        var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
        change(model);
        File.WriteAllBytes(path, model.ToByteArray());
    }

    private static void AssertClose(float[][] expected, float[][] found)
    {
        var largest = expected.Zip(found, (a, b) => a.Zip(b, (x, y) => Math.Abs((double)x - y)).Max()).Max();
        Assert.True(largest <= 1e-5, $"largest difference {largest}");
    }
}
