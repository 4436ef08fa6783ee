using LoraOnnx.Model.Tokenization;
using Microsoft.ML.OnnxRuntime;

namespace LoraOnnx.Inference.Tests;

/// <summary>The exported graph under masks as other programs make them.</summary>
public sealed class PaddingTests
{
    [Fact]
    public void A_row_of_nothing_but_padding_gives_finite_logits_and_changes_no_other_row()
    {
        using var folder = new ModelFolder();
        using var session = new InferenceSession(folder.Write());
        var ids = ModelFolder.Tokenizer.Encode("Not bad at all!", 512, Truncation.Head).Ids.Select(id => (long)id).ToArray();
        var ones = ids.Select(_ => 1L).ToArray();

        var alone = Run(session, ids, ones, 1);
        var both = Run(session, [.. ids, .. new long[ids.Length]], [.. ones, .. new long[ids.Length]], 2);

        Assert.All(both, logit => Assert.True(float.IsFinite(logit)));
        Assert.Equal(alone, both[..alone.Length]);
    }

    private static float[] Run(InferenceSession session, long[] ids, long[] mask, int texts)
    {
        long[] shape = [texts, ids.Length / texts];
        using var idValue = OrtValue.CreateTensorValueFromMemory(ids, shape);
        using var maskValue = OrtValue.CreateTensorValueFromMemory(mask, shape);
        using var options = new RunOptions();
        using var outputs = session.Run(options, ["input_ids", "attention_mask"], [idValue, maskValue], ["logits"]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
