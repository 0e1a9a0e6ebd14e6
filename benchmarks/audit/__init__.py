"""Scripted agents whose commands are really run, honest and dishonest: does the audit tell them apart?"""
