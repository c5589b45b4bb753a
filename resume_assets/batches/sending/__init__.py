"""From a plan to a batch that OpenAI has: claim, request file, upload, creation.

Also what is done in doubt, when nobody knows whether OpenAI created it. No answer is read here.
"""
