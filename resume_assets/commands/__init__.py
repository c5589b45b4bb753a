"""What each command of `resume-assets` does and says; how it is called is in `cli`.

What a command decides about batches is in `batches`. A batch is *out* while OpenAI has it; to
*bring it in* is to run the job `collect_batch`, which fetches its files and writes its records.
"""
