"""What is wrong with a recipe or a bundle."""

from stripsight.errors.base import StripsightError


class RecipeError(StripsightError):
    """recipe.toml does not describe an inspection."""

    reason = "RECIPE_INVALID"


class BundleError(StripsightError):
    """A bundle that cannot be used; the subclasses say why."""

    reason = "BUNDLE_INVALID"


class BundleNotFound(BundleError):
    """No directory, or no manifest in it."""

    reason = "BUNDLE_NOT_FOUND"


class BundleExists(BundleError):
    """The place to write to is taken; bundles are immutable."""

    reason = "BUNDLE_EXISTS"


class BundleVersionError(BundleError):
    """A schema version that this service does not read."""

    reason = "BUNDLE_VERSION"


class BundlePathError(BundleError):
    """A symlink, a special file, or a path that leaves the bundle."""

    reason = "BUNDLE_PATH"


class BundleFileMissing(BundleError):
    """The manifest lists a file that is not there."""

    reason = "BUNDLE_FILE_MISSING"


class BundleFileUnlisted(BundleError):
    """A file that the manifest does not list."""

    reason = "BUNDLE_FILE_UNLISTED"


class BundleFileChanged(BundleError):
    """A file's bytes do not have the digest in the manifest."""

    reason = "BUNDLE_FILE_CHANGED"


class BundleThresholdsError(BundleError):
    """Thresholds that are not numbers above zero, or not for the recipe's regions."""

    reason = "BUNDLE_THRESHOLDS"


class BundleBaselineError(BundleError):
    """The baseline does not describe the recipe's vials and regions."""

    reason = "BUNDLE_BASELINE"


class BundleGraphUnsafe(BundleError):
    """A graph with more in it than standard operators and its own weights."""

    reason = "BUNDLE_GRAPH_UNSAFE"


class BundleGraphSignature(BundleError):
    """A graph whose inputs or outputs are not those of an inspection of this recipe."""

    reason = "BUNDLE_GRAPH_SIGNATURE"


class BundleChallengeInvalid(BundleError):
    """A challenge set that is not complete strips of this recipe with scores and verdicts."""

    reason = "BUNDLE_CHALLENGE_INVALID"


class BundleUnsigned(BundleError):
    """No signature, where only signed bundles are served."""

    reason = "BUNDLE_UNSIGNED"


class BundleSignatureError(BundleError):
    """A signature that no trusted key has made over this manifest."""

    reason = "BUNDLE_SIGNATURE"


class BundleKeyError(BundleError):
    """A file with a key that signs or is trusted to have signed bundles is not what it should be."""

    reason = "BUNDLE_KEY"


class BundleUnknown(StripsightError):
    """No bundle of this id is among those that can be served."""

    reason = "BUNDLE_UNKNOWN"


class BundleProduct(BundleError):
    """Another product, frame or slot than the machine and the service were set up for."""

    reason = "BUNDLE_PRODUCT"


class BundleChanging(StripsightError):
    """Another change of the bundle is under way."""

    reason = "BUNDLE_CHANGING"


class NoBundleBefore(StripsightError):
    """No bundle served before the one that serves."""

    reason = "NO_BUNDLE_BEFORE"


class ChallengeError(BundleError):
    """The engine does not reproduce the challenge set's scores or verdicts."""

    reason = "BUNDLE_CHALLENGE_FAILED"
