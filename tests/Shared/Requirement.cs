using System.Diagnostics.CodeAnalysis;

namespace LoraOnnx.Tests;

/// <summary>For tests that need more than the SDK: they skip with a reason, and fail instead where REQUIRE_ALL=1 says that everything is
/// installed.</summary>
internal static class Requirement
{
    /// <summary>Skips the calling test unless <paramref name="isMet"/>.</summary>
    public static void SkipUnless(bool isMet, string reason)
    {
        if (!isMet && Environment.GetEnvironmentVariable("REQUIRE_ALL") == "1")
        {
            Assert.Fail($"REQUIRE_ALL=1, but {reason}");
        }

        Assert.SkipUnless(isMet, reason);
    }

    /// <summary>
    /// Skips the test where the processor (or a system that lets no memory become executable) has not what it is about: nobody can install that, so
    /// CI counts no failure.
    /// </summary>
    public static void ProcessorHas([DoesNotReturnIf(false)] bool isMet, string? what) => Assert.SkipUnless(isMet, $"this processor: {what}");
}
