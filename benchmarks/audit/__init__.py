"""Scripted agents that really run what they run, honest and dishonest: how well does the audit tell?"""
