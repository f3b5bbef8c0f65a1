"""Emulator of Cloudinary's upload API: signed image uploads, destroy, and delivery of what was uploaded."""
