"""Cloudinary as a store of encrypted documents."""

from .store import CloudinaryStore

__all__ = ["CloudinaryStore"]
