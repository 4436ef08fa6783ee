using System.Security.Cryptography;
using Google.Protobuf;
using LoraOnnx.Graph.Onnx;
using LoraOnnx.Model.Tokenization;
using static LoraOnnx.Graph.Onnx.TensorProto.Types;

namespace LoraOnnx.Inference.Tests;

/// <summary>Files of other exporters in their many forms: converted and padded to where that can be, refused by name where not.</summary>
public sealed class ForeignFormTests
{
    private static readonly EncodedText[] _texts =
        [.. new[] { "A foreign film.", "Good.", "One that somebody else exported, with axes of their own." }.Select(
            text => ModelFolder.Tokenizer.Encode(text, 512, Truncation.Head))];

    [Theory]
    [InlineData(10, 5e-3)] // FLOAT16
    [InlineData(11, 1e-5)] // DOUBLE
    public void Logits_of_another_float_type_are_converted(int type, double tolerance) => AssertServed(tolerance, model =>
    {
        After(model, new NodeProto
        {
            OpType = "Cast",
            Attribute = { new AttributeProto { Name = "to", I = type, Type = AttributeProto.Types.AttributeType.Int } }
        });
        model.Graph.Output[0].Type.TensorType.ElemType = type;
    });

    [Fact]
    public void Ids_as_int32_are_given_as_int32() => AssertServed(1e-5, model =>
    {
        foreach (var input in model.Graph.Input)
        {
            input.Type.TensorType.ElemType = (int)DataType.Int32;
            Cast(model, input.Name);
        }
    });

    [Theory]
    [InlineData(1, null)]
    [InlineData(2, null)]
    [InlineData(null, 40)]
    [InlineData(2, 40)]
    public void Fixed_axes_are_padded_to_and_longer_texts_are_cut(int? texts, int? tokens)
    {
        AssertServed(1e-5, model => Fix(model, texts, tokens), classifier =>
        {
            Assert.Equal(tokens ?? 512, classifier.Model.MaxTokens);
            Assert.Equal(tokens ?? 200, classifier.Encode(string.Join(' ', Enumerable.Repeat("film", 198))).Ids.Length);
        });
    }

    [Theory]
    [InlineData("DynamicQuantizeLinear", "depends on what it is batched with: 1 nodes DynamicQuantizeLinear")]
    public void A_file_whose_answers_depend_on_the_batch_is_refused_with_that_reason(string op, string expected) =>
        AssertRefused(
            expected, model => model.Graph.Node.Insert(0, new NodeProto { OpType = op, Input = { "attention_scale" }, Output = { "a", "b", "c" } }));

    [Fact]
    public void A_newer_operator_set_is_named() =>
        AssertRefused("uses operator set 99", model => model.OpsetImport[0].Version = 99);

    [Fact]
    public void A_newer_file_version_is_named() => AssertRefused("is of ONNX file version 99", model => model.IrVersion = 99);

    [Fact]
    public void Inputs_of_another_type_are_named() =>
        AssertRefused("takes input_ids as FLOAT", model => model.Graph.Input[0].Type.TensorType.ElemType = (int)DataType.Float);

    [Fact]
    public void Axes_fixed_at_different_lengths_are_named() => AssertRefused("fixes axis 1 of its inputs at 8, 9", model =>
    {
        model.Graph.Input[0].Type.TensorType.Shape.Dim[1] = new() { DimValue = 8 };
        model.Graph.Input[1].Type.TensorType.Shape.Dim[1] = new() { DimValue = 9 };
    });

    [Theory]
    [InlineData("onnx", "")]
    [InlineData("1", "1")]
    [InlineData("3", "")]
    public void The_layouts_of_optimum_and_Triton_are_found(string folderOfModel, string folderOfConfig)
    {
        using var folder = new ModelFolder();
        folder.Write();
        var expected = Run(folder.Path, null);
        Directory.CreateDirectory(Path.Combine(folder.Path, folderOfModel));
        File.Move(folder.ModelFile, Path.Combine(folder.Path, folderOfModel, "model.onnx"));
        if (folderOfConfig.Length > 0)
        {
            foreach (var file in Directory.GetFiles(folder.Path))
            {
                File.Move(file, Path.Combine(folder.Path, folderOfConfig, Path.GetFileName(file)));
            }
        }

        if (folderOfModel == "3")
        {
            Directory.CreateDirectory(Path.Combine(folder.Path, "2"));
            File.WriteAllText(Path.Combine(folder.Path, "2", "model.onnx"), "an older version");
        }

        Assert.Equal(expected, Run(folder.Path, null));
    }

    [Fact]
    public void Numbers_in_a_file_beside_it_are_part_of_the_models_identity()
    {
        using var folder = new ModelFolder();
        folder.Write();
        var (expected, data) = (Run(folder.Path, null), Path.Combine(folder.Path, "model.onnx_data"));
        Externalize(folder, data);

        using var first = TextClassifier.Load(folder.Path, ModelFolder.Cpu);
        Assert.Equal(expected, first.Run(_texts, TestContext.Current.CancellationToken));
        Assert.Equal(ServedForm.Packed, first.Model.Form);
        Assert.Equal(new FileInfo(folder.ModelFile).Length + new FileInfo(data).Length, first.Model.Bytes);
        Assert.Equal(
            Convert.ToHexStringLower(
                SHA256.HashData([.. SHA256.HashData(File.ReadAllBytes(folder.ModelFile)), .. SHA256.HashData(File.ReadAllBytes(data))])),
                first.Model.Hash);

        var bytes = File.ReadAllBytes(data);
        bytes[^2] ^= 1; // one bit of one weight
        File.WriteAllBytes(data, bytes);
        using var second = TextClassifier.Load(folder.Path, ModelFolder.Cpu);
        Assert.NotEqual(first.Model.Hash, second.Model.Hash);

        File.Delete(data);
        Assert.Contains("keeps numbers in 'model.onnx_data'",
            Assert.Throws<InputException>(() => TextClassifier.Load(folder.Path, ModelFolder.Cpu)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../model.onnx_data")]
    [InlineData("/etc/hostname")]
    public void Numbers_outside_the_models_directory_are_not_read(string location)
    {
        using var folder = new ModelFolder();
        folder.Write();
        Externalize(folder, Path.Combine(folder.Path, "model.onnx_data"), location);

        Assert.Contains("expected a file in the model's directory",
            Assert.Throws<InputException>(() => TextClassifier.Load(folder.Path, ModelFolder.Cpu)).Message, StringComparison.Ordinal);
    }

    /// <summary>Moves the large tensors into a file of their own, with a gap before each.</summary>
    private static void Externalize(ModelFolder folder, string data, string location = "model.onnx_data")
    {
        using var stream = File.Create(data);
        GraphProofTests.Rewrite(folder.ModelFile, model =>
        {
            foreach (var tensor in model.Graph.Initializer.Where(tensor => tensor.RawData.Length > 1024))
            {
                stream.Write(new byte[64]);
                tensor.DataLocation = DataLocation.External;
                tensor.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = location });
                tensor.ExternalData.Add(new StringStringEntryProto { Key = "offset", Value = $"{stream.Position}" });
                tensor.ExternalData.Add(new StringStringEntryProto { Key = "length", Value = $"{tensor.RawData.Length}" });
                stream.Write(tensor.RawData.Span);
                tensor.ClearRawData();
            }
        });
    }

    private static void Fix(ModelProto model, int? texts, int? tokens)
    {
        foreach (var dimensions in model.Graph.Input.Select(input => input.Type.TensorType.Shape.Dim))
        {
            dimensions[0] = texts is { } count ? new() { DimValue = count } : dimensions[0];
            dimensions[1] = tokens is { } length ? new() { DimValue = length } : dimensions[1];
        }

        After(model, new NodeProto { OpType = "Mul", Input = { "", "two" } }); // another graph than ours, so that it is served as it is
        After(model, new NodeProto { OpType = "Div", Input = { "", "two" } });
        model.Graph.Initializer.Add(
            new TensorProto { Name = "two", DataType = (int)DataType.Float, RawData = ByteString.CopyFrom(BitConverter.GetBytes(2f)) });
    }

    /// <summary>Puts a node between the last one and the output.</summary>
    private static void After(ModelProto model, NodeProto node)
    {
        var last = model.Graph.Node[^1];
        last.Output[0] = $"before{model.Graph.Node.Count}";
        if (node.Input.Count > 0)
        {
            node.Input[0] = last.Output[0];
        }
        else
        {
            node.Input.Add(last.Output[0]);
        }

        node.Output.Add("logits");
        model.Graph.Node.Add(node);
    }

    private static void Cast(ModelProto model, string input)
    {
        foreach (var node in model.Graph.Node)
        {
            for (var i = 0; i < node.Input.Count; i++)
            {
                node.Input[i] = node.Input[i] == input ? $"{input}_wide" : node.Input[i];
            }
        }

        var cast = new NodeProto { OpType = "Cast", Input = { input }, Output = { $"{input}_wide" } };
        cast.Attribute.Add(new AttributeProto { Name = "to", I = (long)DataType.Int64, Type = AttributeProto.Types.AttributeType.Int });
        model.Graph.Node.Insert(0, cast);
    }

    private static void AssertServed(double tolerance, Action<ModelProto> change, Action<TextClassifier>? check = null)
    {
        using var folder = new ModelFolder();
        folder.Write();
        var expected = Run(folder.Path, null);
        GraphProofTests.Rewrite(folder.ModelFile, model =>
        {
            // As a stranger's: with initializers that say nothing, so that it runs as it is.
            var word = model.Graph.Initializer.Single(tensor => tensor.Name == "classifier.bias");
            word.Name = "onnx::Gemm_1";
            model.Graph.Node.Single(node => node.Input.Contains("classifier.bias")).Input[2] = word.Name;
            change(model);
        });

        var found = Run(folder.Path, check);

        var largest = expected.Zip(found, (a, b) => a.Zip(b, (x, y) => Math.Abs((double)x - y)).Max()).Max();
        Assert.True(largest <= tolerance, $"largest difference {largest}");
    }

    private static void AssertRefused(string expected, Action<ModelProto> change)
    {
        using var folder = new ModelFolder();
        folder.Write();
        GraphProofTests.Rewrite(folder.ModelFile, model =>
        {
            model.Graph.Initializer.Single(tensor => tensor.Name == "classifier.bias").Name = "foreign";
            model.Graph.Node.Single(node => node.Input.Contains("classifier.bias")).Input[2] = "foreign";
            change(model);
        });

        var error = Assert.Throws<InputException>(() => TextClassifier.Load(folder.Path, ModelFolder.Cpu));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.NotNull(error.Hint);
    }

    private static float[][] Run(string path, Action<TextClassifier>? check)
    {
        using var classifier = TextClassifier.Load(path, ModelFolder.Cpu);
        check?.Invoke(classifier);
        return classifier.Run(_texts, TestContext.Current.CancellationToken);
    }
}
