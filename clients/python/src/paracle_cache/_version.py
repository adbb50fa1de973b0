"""The version of this package, and of the user agent it sends."""

VERSION = "0.1.0"
