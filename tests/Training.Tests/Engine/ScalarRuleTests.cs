using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using LoraOnnx.Training.Torch;
using TorchSharp;

namespace LoraOnnx.Training.Tests.Engine;

public sealed class ScalarRuleTests
{
    [Fact]
    public void No_number_becomes_a_Scalar_behind_our_back()
    {
        // Nothing holds the Scalar of an implicit conversion while libtorch reads it: a garbage collection at that moment frees it, and the step
        // fails.
        using var file = new PEReader(File.OpenRead(typeof(TorchEngine).Assembly.Location));
        var metadata = file.GetMetadataReader();
        var conversions = metadata.MemberReferences.Select(metadata.GetMemberReference).Count(member =>
            metadata.StringComparer.Equals(member.Name, "op_Implicit")
            && member.Parent.Kind == HandleKind.TypeReference
            && metadata.StringComparer.Equals(metadata.GetTypeReference((TypeReferenceHandle)member.Parent).Name, nameof(Scalar)));

        Assert.Equal(0, conversions);
    }
}
